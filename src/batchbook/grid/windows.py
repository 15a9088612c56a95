"""Windows of rows by position: numbered rows are found by their numbers, those of any other view by its keys, which are kept.

The keys of a view, those of all its rows in its order, are listed once and kept for further windows of the view. A token
names them. Whoever has it sees the rows at the places where they were, although their cells have changed since; whoever has
none sees the view as it is now. If the keys are gone, or kept by another process, they are listed again.

A view of many rows begins with its first keys, which the database finds without sorting all of them; a thread lists the
others meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Engine, Row, false, tuple_
from sqlalchemy.orm import Session

from batchbook.db.number_sets import is_listed
from batchbook.db.transactions import READ_ONLY, transaction_scope
from batchbook.errors import Conflict
from batchbook.grid.key_cache import KeptKeys, KeyCache, Keys
from batchbook.grid.query import Grid, Window
from batchbook.grid.state import GridState
from batchbook.grid.state_params import DEFAULT_PAGE_SIZE

#: The most rows of a window.
MOST_ROWS = 500
#: The number of keys that a view begins with, and of one whose rows have to be counted: if it has no more, they are counted.
FIRST_KEYS = 5_000
FIRST_UNCOUNTED = 25_000
_DIGEST_LENGTH = 20

MOVED = (
    "The rows have changed since you looked, so it is not certain which ones you mean. Nothing was done."
    " Look at them again."
)


@dataclass(frozen=True)
class Snapshot:
    """The rows of a grid as they are now.

    ``name`` says whose rows they are. ``version`` differs after each change of them, and is ``None`` where changes are not
    counted. Keys are only of use to rows of the same ``generation``, which differs once rows were added or made anew.
    """

    name: str
    generation: str = ""
    version: str | None = None


@dataclass(frozen=True)
class RowWindow:
    """Rows with their positions, from 0, of ``total``; ``token`` names the kept keys, and is empty where there are none."""

    rows: Sequence[tuple[int, Row[Any]]]
    total: int
    first: int
    token: str = ""


class Windows:
    """The windows of a grid for one ``user``, read by ``session``.

    ``snapshot`` is a function that returns the :class:`Snapshot` of the grid's rows as a session sees them. ``cache`` keeps the
    keys of views; nothing is kept without one of the two. ``known_total`` is a function that returns the number of rows that
    match a state where it is known without counting, else ``None``.
    """

    def __init__(
        self,
        grid: Grid,
        session: Session,
        user: str | None,
        *,
        cache: KeyCache | None = None,
        snapshot: Callable[[Session], Snapshot] | None = None,
        known_total: Callable[[GridState], int | None] | None = None,
    ) -> None:
        self.grid = grid
        self.session = session
        self.user = user
        self.cache = cache or KeyCache(0)
        self._read_snapshot = snapshot or _unnamed_snapshot
        self._known_total = known_total or _unknown_total

    @cached_property
    def snapshot(self) -> Snapshot:
        """The rows as they were when this object was first asked; compared before anything is kept."""
        return self._read_snapshot(self.session)

    def page(self, state: GridState) -> Window:
        """Return the rows of the page that ``state`` asks for, or of the last one when that lies beyond the end."""
        if self.snapshot.version is None:
            return self.grid.window(self.session, state, self.user)
        size, first = state.page_size, (max(state.page, 1) - 1) * state.page_size
        token, kept = self.find_keys(state, first, first + size)
        pages = max(1, -(-kept.total // size))
        if state.page > pages:
            return self.page(state.at_page(pages))
        rows = [row for _, row in self._read_rows(kept.between(first, first + size))]
        last = min(first + size, kept.total)
        return Window(rows, kept.total, state, first + 1 if kept.total else 0, last, pages, token)

    def window(self, state: GridState, first: int, count: int, token: str = "") -> RowWindow:
        """Return the rows at the positions ``first`` to ``first + count``, from 0, of all pages of ``state``.

        ``token`` is that of an earlier window of the same state. A row that is not there any more is left out.
        """
        end = first + min(count, MOST_ROWS)
        token, kept = self.find_keys(state, first, end, token)
        found = self._read_rows(kept.between(first, end))
        return RowWindow([(first + at, row) for at, row in found], kept.total, first, token)

    def keys_at(self, state: GridState, first: int, count: int, token: str = "") -> Keys:
        """Return the keys of the rows at these positions, for work on rows that somebody saw there.

        Raises ``Conflict`` if ``token``, that of the window in which they were seen, cannot tell any more which rows they were.
        """
        now, kept = self.find_keys(state, first, first + count, token)
        if now != token:
            raise Conflict(MOVED)
        return kept.between(first, first + count)

    def find_keys(self, state: GridState, first: int, end: int, token: str = "") -> tuple[str, KeptKeys]:
        """Return keys of ``state``, those from ``first`` to ``end`` among them, and the token under which they are kept.

        They are those of ``token`` where it is of use, else those of now.
        """
        numbers = self._numbers(state)
        if numbers is not None:
            # Rows that are added come last, so that places are only moved by them where the last row comes first.
            moved = self._view_digest(state) if numbers.step < 0 else ""
            return moved, KeptKeys(numbers, len(numbers))
        view = self._view_digest(state)
        version = self.snapshot.version or secrets.token_hex(6)
        now = f"{version}-{view}"
        for known in dict.fromkeys((token, now)):
            kept = self.cache.get(known) if known.endswith(f"-{view}") else None
            if kept is not None and kept.has(first, end):
                return known, kept
        beginning = self._first_keys(state, now)
        if beginning.has(first, end):
            return now, beginning
        last = self._last_keys(state, beginning.total)
        return now, last if last.has(first, end) else self._all_keys(state, now)

    def _numbers(self, state: GridState) -> range | None:
        """Return the numbers of the rows in the order of ``state`` if it is theirs and none is missing, else ``None``."""
        is_numbered = self.grid.is_numbered and not state.is_narrowed
        descending = self.grid.order.direction(state) if is_numbered else None
        total = None if descending is None else self._known_total(state)
        if total is None:
            return None
        low, high = self.grid.ends(self.session) or (1, 0)
        if high - low + 1 != total:
            return None
        return range(high, low - 1, -1) if descending else range(low, high + 1)

    def _view_digest(self, state: GridState) -> str:
        """Return the digest of everything that the keys of ``state`` depend on, but for changes of the rows."""
        query = replace(state, page=1, page_size=DEFAULT_PAGE_SIZE, view=0).to_query()
        parts = [self.snapshot.name, self.snapshot.generation, self.user, str(self.grid.zone), query]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_DIGEST_LENGTH]

    def _first_keys(self, state: GridState, token: str) -> KeptKeys:
        """Return the first keys of ``state``, or all if they are no more, and have the others listed."""
        kept = self.cache.get(token)
        if kept is not None:
            return kept
        known = self._known_total(state)
        limit = FIRST_UNCOUNTED if known is None else FIRST_KEYS
        keys = self.grid.list_keys(self.session, state, self.user, limit=limit)
        total = len(keys)
        if total == limit:
            total = self.grid.count(self.session, state, self.user) if known is None else max(known, total)
        beginning = KeptKeys(keys, total)
        if self._may_keep and self._is_unchanged:
            self.cache.put(token, beginning)
            if not beginning.is_whole:
                self._list_in_background(state, token)
        return beginning

    def _last_keys(self, state: GridState, total: int) -> KeptKeys:
        """Return the last keys of ``state``, which the database finds from its end."""
        keys = self.grid.list_keys(self.session, state, self.user, limit=FIRST_KEYS, backwards=True)
        return KeptKeys(keys, total, total - len(keys))

    def _all_keys(self, state: GridState, token: str) -> KeptKeys:
        """Return all keys of ``state``: those kept under ``token``, else listed now, and kept where that is possible."""

        def listed() -> KeptKeys:
            return _list_all(self.grid, self.session, state, self.user)

        def listed_to_keep() -> KeptKeys | None:
            keys = listed()
            return keys if self._is_unchanged else None

        found = self.cache.all_keys(token, listed_to_keep) if self._may_keep else None
        return found or listed()

    def _list_in_background(self, state: GridState, token: str) -> None:
        """Have all keys of ``state`` listed by a thread, in a transaction of its own, and kept under ``token``."""
        engine, grid, user = self.session.get_bind(), self.grid, self.user
        snapshot, version = self._read_snapshot, self.snapshot.version
        if not isinstance(engine, Engine):
            return

        def listed() -> KeptKeys | None:
            with transaction_scope(engine, read_only=True) as session:
                keys = _list_all(grid, session, state, user)
                # Those of a later version are others than the first ones, which are kept under the token.
                return keys if snapshot(session).version == version else None

        self.cache.list_in_background(token, listed)

    @property
    def _may_keep(self) -> bool:
        """Whether listed keys may be kept: what an open transaction has written may be undone, and its version given away."""
        return bool(self.session.connection().get_execution_options().get(READ_ONLY, False))

    @property
    def _is_unchanged(self) -> bool:
        """Whether the rows are still of the version under which keys are kept: PostgreSQL's next statement may see a later one."""
        return self._read_snapshot(self.session).version == self.snapshot.version

    def _read_rows(self, keys: Keys) -> list[tuple[int, Row[Any]]]:
        """Return the rows with ``keys``, in that order, with their places among them."""
        if not len(keys):
            return []
        columns = self.grid.identity
        names = [str(column.key) for column in columns]
        if isinstance(keys, range):
            condition: ColumnElement[bool] = columns[0].between(
                min(keys[0], keys[-1]), max(keys[0], keys[-1])
            )
        else:
            condition = among(columns, keys, self.session.get_bind().dialect)
        places = {key: place for place, key in enumerate(keys)}
        found = []
        for row in self.grid.rows_where(self.session, condition):
            values = row._mapping
            key = values[names[0]] if len(names) == 1 else tuple(values[name] for name in names)
            found.append((places[key], row))
        found.sort(key=lambda one: one[0])
        return found


def _unnamed_snapshot(_session: Session) -> Snapshot:
    """Return a snapshot that no other one equals, for rows of which nothing is known."""
    return Snapshot(secrets.token_hex(6))


def _unknown_total(_state: GridState) -> None:
    return None


def _list_all(grid: Grid, session: Session, state: GridState, user: str | None) -> KeptKeys:
    """Return the keys of all rows of ``state``, from one statement."""
    keys = grid.list_keys(session, state, user)
    return KeptKeys(keys, len(keys))


def among(columns: Sequence[Any], keys: Keys, dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition for the rows with these keys, which are in ``columns``."""
    if isinstance(keys, range):
        ends = (min(keys[0], keys[-1]), max(keys[0], keys[-1])) if keys else None
        within: ColumnElement[bool] = columns[0].between(*ends) if ends else false()
        return within
    if not isinstance(keys, array):
        return tuple_(*columns).in_([*keys])
    return is_listed(columns[0], keys.tolist(), dialect)
