"""Saved views of lists: a state under a name, of one person, shared with a role, or the default of everybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session

from batchbook.grid import Column, GridState
from batchbook.grid.state_params import is_filter_name
from batchbook.master.models import SavedView
from batchbook.security.identity import Identity
from batchbook.security.models import Role, user_role
from batchbook.web.request import Request

#: The permission to share views with roles and to choose the default of a list, and so to change what others see.
SHARE_VIEWS = "views:share"


def default_view(session: Session, grid: str) -> SavedView | None:
    """Return the default view of everybody of the list called ``grid``, if it has one."""
    return session.scalars(_DEFAULT, {"grid": grid}).first()


#: Made once, because every page with a grid asks it.
_DEFAULT = (
    select(SavedView)
    .where(SavedView.grid == bindparam("grid"), SavedView.is_default)
    .order_by(SavedView.id)
    .limit(1)
)


def default_settings(session: Session, grid: str) -> dict[str, Any] | None:
    """Return the state of the default view as JSON, with the number of the view in it; ``None`` if there is none."""
    view = default_view(session, grid)
    return None if view is None else {"query": [*_stored_query(view), ("saved", str(view.id))]}


def stored_state(state: GridState) -> dict[str, Any]:
    """Return the part of ``state`` that a view keeps, as JSON: all but the page and the view that it came from."""
    return _kept_part(state).to_json()


def _kept_part(state: GridState) -> GridState:
    return replace(state, page=1, view=0, problems=())


@dataclass(frozen=True)
class ViewLink:
    """A saved view in the menu: its name, its address, and in words who has it besides its owner."""

    name: str
    url: str
    note: str
    current: bool


class ArrangedColumns(Protocol):
    """The columns of a grid as the user sees them: as a view keeps them, and whether they differ from those of the current view."""

    @property
    def arranged(self) -> list[dict[str, Any]]:
        """The columns as JSON."""
        ...

    @property
    def is_changed(self) -> bool:
        """Whether they are others than the current view has."""
        ...


class SavedViews:
    """The views of the list called ``grid`` that the user of ``request`` sees, beside its present ``state`` and layout."""

    def __init__(
        self,
        request: Request,
        grid: str,
        url: str,
        columns: Sequence[Column],
        state: GridState,
        layout: Callable[[], ArrangedColumns],
    ) -> None:
        self.request = request
        self.grid = grid
        self.url = url
        self.columns = columns
        self.state = state
        self._layout = layout

    @property
    def settings(self) -> dict[str, Any]:
        """The present state, with the columns that are shown, as a view keeps them."""
        return stored_state(self.state) | {"columns": self._layout().arranged}

    @cached_property
    def visible(self) -> Sequence[SavedView]:
        """The user's own views, those shared with the user's roles, and the default one, by name."""
        wanted = select(SavedView).where(SavedView.grid == self.grid, self._is_visible())
        found: Sequence[SavedView] = self.request.db.scalars(
            wanted.order_by(func.lower(SavedView.name), SavedView.id)
        ).all()
        return found

    @cached_property
    def current(self) -> SavedView | None:
        """The view that the present state came from, if the user sees it."""
        return next((view for view in self.visible if view.id == self.state.view), None)

    @property
    def is_changed(self) -> bool:
        """Whether the present state, or the layout, is another than that of the current view."""
        if self.current is None:
            return False
        stored = GridState.from_json(self.current.settings, self.columns)
        return _kept_part(stored) != _kept_part(self.state) or self._layout().is_changed

    @property
    def links(self) -> list[ViewLink]:
        """The visible views, as links that hold the whole state of each."""
        return [
            ViewLink(view.name, self.url_of(view), self._note(view), view is self.current)
            for view in self.visible
        ]

    @cached_property
    def may_share(self) -> bool:
        """Whether the user may change what others see."""
        # The roles alone decide this, not the context of the page.
        return bool(self.request.has_permission(SHARE_VIEWS, object()))

    def may_change(self, view: SavedView | None) -> bool:
        """Return whether the user may change or delete ``view``."""
        if view is None:
            return False
        return self.may_share or (view.saved_by == self._identity.name and not view.is_shared)

    @cached_property
    def roles(self) -> list[tuple[int, str]]:
        """The number and label of each role that a view can be shared with, for those who may."""
        if not self.may_share:
            return []
        found = self.request.db.execute(select(Role.id, Role.label).order_by(Role.label, Role.id))
        return [(role.id, role.label) for role in found]

    def url_of(self, view: SavedView) -> str:
        """Return the address that shows ``view``; also of parts that the list does not have, so that it tells of them.

        The values of filters on columns that the list does not have for this person are left out.
        """
        known = {column.name for column in self.columns}
        query = [
            (name, value if not is_filter_name(name) or _filtered(name) in known else "")
            for name, value in _stored_query(view)
        ]
        return f"{self.url}?{urlencode([*query, ('saved', view.id)])}"

    @property
    def _identity(self) -> Identity:
        found: Identity = self.request.identity
        return found

    def _is_visible(self) -> ColumnElement[bool]:
        mine = select(user_role.c.role_id).where(user_role.c.user_id == self._identity.id)
        return or_(
            SavedView.saved_by == self._identity.name, SavedView.is_default, SavedView.role_id.in_(mine)
        )

    def _note(self, view: SavedView) -> str:
        notes: list[str] = ["default for everyone"] if view.is_default else []
        if view.role_id is not None:
            notes.append(f"shared with {view.role.label if view.role else 'a role'}")
        if view.saved_by != self._identity.name:
            notes.append(f"by {view.saved_by}")
        return ", ".join(notes)


def _filtered(name: str) -> str:
    """Return the name of the column in that of a filter's parameter, such as ``f.item_code.eq``."""
    return name.partition(".")[2].rpartition(".")[0]


def _stored_query(view: SavedView) -> list[tuple[str, str]]:
    """Return the parameters that ``view`` keeps; whatever else was stored is left out."""
    query = view.settings.get("query", []) if isinstance(view.settings, dict) else []
    pairs = query if isinstance(query, list) else []
    return [
        (str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2
    ]
