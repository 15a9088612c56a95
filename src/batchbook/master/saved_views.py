"""Saved views of lists: a state under a name, of one person, shared with a role, or the default of everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.functions import lock_name
from batchbook.errors import BadInput, Conflict, Missing, Refused
from batchbook.grid import Column, GridState
from batchbook.master.models import SavedView
from batchbook.master.paging import whole_number
from batchbook.security.audit_log import record_change
from batchbook.security.identity import Identity
from batchbook.security.models import Role, user_role
from batchbook.web.request import Request
from batchbook.words import is_storable

#: The permission to share views with roles and to choose the default of a list, and so to change what others see.
SHARE_VIEWS = "views:share"

#: The most views that one person saves of one list.
MOST_VIEWS = 100
LONGEST_NAME = 80

Pairs = Sequence[tuple[str, str]]


def default_view(session: Session, grid: str) -> SavedView | None:
    """Return the default view of everybody of the list called ``grid``, if it has one."""
    wanted = select(SavedView).where(SavedView.grid == grid, SavedView.is_default).order_by(SavedView.id)
    return session.scalars(wanted.limit(1)).first()


def default_settings(session: Session, grid: str) -> dict[str, Any] | None:
    """Return the state of the default view as JSON, with the number of the view in it; ``None`` if there is none."""
    view = default_view(session, grid)
    return None if view is None else {"query": [*_stored_query(view), ("saved", str(view.id))]}


def stored_state(state: GridState) -> dict[str, Any]:
    """Return the part of ``state`` that a view keeps, as JSON: all but the page and the view that it came from."""
    return _of_a_view(state).to_json()


def _of_a_view(state: GridState) -> GridState:
    return replace(state, page=1, view=0, problems=())


@dataclass(frozen=True)
class ViewLink:
    """A saved view in the menu: its name, its address, and in words who has it besides its owner."""

    name: str
    url: str
    note: str
    current: bool


class SavedViews:
    """The views of the list called ``grid`` that the user of ``request`` sees, beside its present ``state``."""

    def __init__(
        self, request: Request, grid: str, url: str, columns: Sequence[Column], state: GridState
    ) -> None:
        self.request = request
        self.grid = grid
        self.url = url
        self.columns = columns
        self.state = state

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
        """Whether the present state is another than that of the current view."""
        if self.current is None:
            return False
        stored = GridState.from_json(self.current.settings, self.columns)
        return _of_a_view(stored) != _of_a_view(self.state)

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

    @property
    def may_change(self) -> bool:
        """Whether the user may change or delete the current view."""
        return self.current is not None and self._may_change(self.current)

    @cached_property
    def roles(self) -> list[tuple[int, str]]:
        """The number and label of each role that a view can be shared with, for those who may."""
        if not self.may_share:
            return []
        found = self.request.db.execute(select(Role.id, Role.label).order_by(Role.label, Role.id))
        return [(role.id, role.label) for role in found]

    def url_of(self, view: SavedView) -> str:
        """Return the address that shows ``view``; also of parts that the list no longer has, so that it tells of them."""
        return f"{self.url}?{urlencode([*_stored_query(view), ('saved', view.id)])}"

    def create(self, name: str, role_id: int | None, *, is_default: bool) -> SavedView:
        """Save the present state as a new view; raise ``BadInput``, ``Conflict`` or ``Refused`` where that is not possible."""
        own = select(func.count()).where(
            SavedView.grid == self.grid, SavedView.saved_by == self._identity.name
        )
        if (self.request.db.scalar(own) or 0) >= MOST_VIEWS:
            raise Conflict(
                f"You have {MOST_VIEWS} views of this list already. Delete one first. Nothing was saved."
            )
        view = SavedView(grid=self.grid, saved_by=self._identity.name, settings=stored_state(self.state))
        self._describe(view, name, role_id, is_default=is_default)
        self.request.db.add(view)
        self.request.db.flush()  # Its address has its number.
        self._log("view shared", view)
        return view

    def save(self, view: SavedView) -> None:
        """Save the present state in place of the one that ``view`` has."""
        view.settings = stored_state(self.state)
        self._touch(view)
        self._log("shared view changed", view)

    def describe(self, view: SavedView, name: str, role_id: int | None, *, is_default: bool) -> None:
        """Change the name of ``view`` and who has it; raise as :meth:`create` does."""
        was_shared = view.is_shared
        self._describe(view, name, role_id, is_default=is_default)
        self._touch(view)
        self._log("shared view changed" if was_shared else "view shared", view, always=was_shared)

    def delete(self, view: SavedView) -> None:
        """Delete ``view``."""
        self.request.db.delete(view)
        self._log("shared view deleted", view)

    def find(self, number: int | None, version: int | None) -> SavedView:
        """Return the visible view with that number, to be changed.

        Raises ``Missing`` if there is none, ``Refused`` if the user may not change it, and ``Conflict`` if it is no longer
        the ``version`` that the user saw.
        """
        view = next((view for view in self.visible if view.id == number), None)
        if view is None:
            raise Missing("There is no such view any more. Nothing was changed.")
        if not self._may_change(view):
            raise Refused(
                f"The view “{view.name}” belongs to {view.saved_by}. Save a view of your own instead."
            )
        if view.version != version:
            raise Conflict(
                f"Somebody has changed the view “{view.name}” meanwhile. Nothing was changed. Open it again."
            )
        return view

    @property
    def _identity(self) -> Identity:
        found: Identity = self.request.identity
        return found

    def _is_visible(self) -> ColumnElement[bool]:
        mine = select(user_role.c.role_id).where(user_role.c.user_id == self._identity.id)
        return or_(
            SavedView.saved_by == self._identity.name, SavedView.is_default, SavedView.role_id.in_(mine)
        )

    def _may_change(self, view: SavedView) -> bool:
        return self.may_share or (view.saved_by == self._identity.name and not view.is_shared)

    def _note(self, view: SavedView) -> str:
        notes: list[str] = ["default for everyone"] if view.is_default else []
        if view.role_id is not None:
            notes.append(f"shared with {view.role.label if view.role else 'a role'}")
        if view.saved_by != self._identity.name:
            notes.append(f"by {view.saved_by}")
        return ", ".join(notes)

    def _describe(self, view: SavedView, name: str, role_id: int | None, *, is_default: bool) -> None:
        if (role_id is not None or is_default) and not self.may_share:
            raise Refused("Your role does not allow sharing views. Nothing was saved.")
        self._refuse_name(view, name)
        if role_id is not None and self.request.db.get(Role, role_id) is None:
            raise BadInput("There is no such role any more. Nothing was saved.")
        view.name, view.role_id, view.is_default = name, role_id, is_default
        if is_default:
            others = (SavedView.grid == self.grid, SavedView.is_default, SavedView.id != (view.id or 0))
            self.request.db.execute(update(SavedView).where(*others).values(is_default=False))

    def _refuse_name(self, view: SavedView, name: str) -> None:
        if not name or len(name) > LONGEST_NAME or not is_storable(name):
            raise BadInput(f"A view needs a name of at most {LONGEST_NAME} characters. Nothing was saved.")
        same = select(SavedView.id).where(
            SavedView.grid == self.grid, SavedView.saved_by == view.saved_by, SavedView.name == name
        )
        with self.request.db.no_autoflush:
            taken = self.request.db.scalars(same).first()
        if taken is not None and taken != view.id:
            raise Conflict(f"There is a view called “{name}” already. Choose another name, or save that one.")

    def _touch(self, view: SavedView) -> None:
        view.version += 1
        view.changed_at = utc_now()

    def _log(self, event: str, view: SavedView, *, always: bool = False) -> None:
        if view.is_shared or always:
            detail = f"list {self.grid}, role {view.role_id}, default {'yes' if view.is_default else 'no'}"
            record_change(self.request, event, view.name, detail)


def change_views(views: SavedViews, params: Mapping[str, Any]) -> tuple[str, str]:
    """Do what the menu's form wants: ``do`` is ``view-new``, ``view-save``, ``view-edit`` or ``view-delete``.

    Return the address that follows and a sentence; raise ``BadInput`` for anything else, and as the methods of
    :class:`SavedViews` do. The views of a list are changed one after the other, so that nobody's change is lost, no name is taken
    twice, and one view at most is the default.
    """
    lock_name(views.request.db, f"saved_view.{views.grid}")
    action = params.get("do", "")
    name = " ".join(params.get("name", "").split())
    role_id, is_default = whole_number(params.get("role", "")), bool(params.get("default"))
    if action == "view-new":
        created = views.create(name, role_id, is_default=is_default)
        return views.url_of(created), f"Saved the view “{created.name}”."
    view = views.find(whole_number(params.get("saved", "")), whole_number(params.get("version", "")))
    if action == "view-save":
        views.save(view)
        return views.url_of(view), f"Saved the view “{view.name}”."
    if action == "view-edit":
        views.describe(view, name, role_id, is_default=is_default)
        return _url(views, view), f"Saved the view “{view.name}”."
    if action == "view-delete":
        views.delete(view)
        return _url(views, None), f"Deleted the view “{view.name}”. The list is shown as before."
    raise BadInput("The form doesn't say what to do with the view. Nothing was changed.")


def _url(views: SavedViews, view: SavedView | None) -> str:
    """Return the address of the present state, as one of ``view``."""
    query = replace(views.state, view=view.id if view else 0).to_query()
    return f"{views.url}?{urlencode(query or [('view', 'default')])}"


def _stored_query(view: SavedView) -> Iterable[tuple[str, str]]:
    query = view.settings.get("query", []) if isinstance(view.settings, dict) else []
    pairs = query if isinstance(query, list) else []
    return [
        (str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2
    ]
