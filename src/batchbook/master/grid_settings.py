"""Settings of grids that are remembered for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from batchbook.db.functions import insert_into
from batchbook.grid import GridState, with_filters_of
from batchbook.master.models import GridSetting
from batchbook.master.saved_views import default_settings
from batchbook.words import is_storable

#: The choices for the page around a grid: the name of the open panel, and whether the grid has the whole window.
PANEL, FULL_WINDOW = "panel", "full_window"
_MOST_CHARACTERS = 40


def recall(db: Session, user_name: str, grid: str) -> dict[str, Any] | None:
    """Return the settings that ``user_name`` last chose for ``grid``, or None."""
    setting = db.get(GridSetting, (user_name, grid))
    return setting.settings if setting else None


def recall_several(db: Session, user_name: str, grids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the settings that ``user_name`` last chose for each of ``grids``; those for which there are none are missing."""
    found = db.execute(_SEVERAL, {"user_name": user_name, "grids": [*grids]})
    return {row.grid: row.settings for row in found}


#: Made once, because every page with a grid asks it.
_SEVERAL = select(GridSetting.grid, GridSetting.settings).where(
    GridSetting.user_name == bindparam("user_name"), GridSetting.grid.in_(bindparam("grids", expanding=True))
)


def remember(db: Session, user_name: str, grid: str, settings: dict[str, Any]) -> None:
    """Remember ``settings`` (JSON values) as those that ``user_name`` last chose for ``grid``."""
    # One statement, so that two tabs that store at the same moment cannot collide.
    statement = insert_into(db.get_bind(), GridSetting).values(
        user_name=user_name, grid=grid, settings=settings
    )
    key = [GridSetting.user_name, GridSetting.grid]
    db.execute(statement.on_conflict_do_update(index_elements=key, set_={"settings": settings}))


def forget(db: Session, user_name: str, *grids: str) -> None:
    """Forget the settings of ``user_name`` for ``grids``: the next visit starts with the grids' defaults."""
    db.execute(delete(GridSetting).where(GridSetting.user_name == user_name, GridSetting.grid.in_(grids)))


@dataclass(frozen=True)
class RememberedState:
    """The state of a grid as ``user`` chose it last; nothing is remembered of people who are not signed in.

    ``key`` names the grid. Where one key serves several lists, ``filters_key`` names this list, whose filters and search
    are remembered for it alone.
    """

    db: Session
    user: str | None
    key: str
    filters_key: str = ""

    def recall(self, known: Mapping[str, dict[str, Any] | None] | None = None) -> dict[str, Any] | None:
        """Return the state as JSON, with that of the list's default view where nothing is remembered; ``None`` if there is neither.

        ``known`` are the settings under the :attr:`keys`, where they were read already.
        """
        if not self.user:
            return None
        chosen = known or recall_several(self.db, self.user, self.keys)
        recalled = [chosen.get(key) for key in self.keys]
        if None in recalled:
            default = default_settings(self.db, self.key)
            recalled = [default if settings is None else settings for settings in recalled]
        return with_filters_of(*recalled) if self.filters_key else recalled[0]

    def remember(self, state: GridState) -> None:
        """Remember ``state``."""
        if self.user:
            for key in self.keys:
                remember(self.db, self.user, key, state.to_json())

    def forget(self) -> None:
        """Forget the state: the next visit starts with the grid's defaults."""
        if self.user:
            forget(self.db, self.user, *self.keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names under which the state is remembered."""
        return (self.key, self.filters_key) if self.filters_key else (self.key,)


@dataclass
class RememberedPage:
    """The choices of ``user`` for the page around the grid called ``key``: its open panel, and whether the grid has the whole window.

    They are not stored with the layout of the columns: scripts send both at the same moment, and neither may undo the other.
    """

    db: Session
    user: str | None
    key: str

    @cached_property
    def choices(self) -> dict[str, Any]:
        """The choices by name, :data:`PANEL` and :data:`FULL_WINDOW`; those that were never made are missing."""
        return (recall(self.db, self.user, page_key(self.key)) if self.user else None) or {}

    def remember(self, sent: Mapping[str, Any]) -> None:
        """Remember the choices in ``sent``, JSON of a script; those that it does not have stay as they were."""
        new: dict[str, Any] = {}
        if isinstance(sent.get(PANEL), str) and is_storable(sent[PANEL]):
            new[PANEL] = sent[PANEL][:_MOST_CHARACTERS]
        if isinstance(sent.get(FULL_WINDOW), bool):
            new[FULL_WINDOW] = sent[FULL_WINDOW]
        if new and self.user:
            remember(self.db, self.user, page_key(self.key), self.choices | new)


def page_key(key: str) -> str:
    """Return the name under which the choices for the page around the grid called ``key`` are remembered."""
    return f"page.{key}"
