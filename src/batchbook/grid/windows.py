"""Windows of rows by position: numbered rows are found by their numbers, those of any other view by its keys, which are kept.

The keys of a view, those of all its rows in its order, are listed by one statement and kept for further windows of the
view. A token names them. Whoever has it sees the rows at the places where they were, although their cells have changed
since; whoever has none sees the view as it is now. If the keys are gone, or kept by another process, they are listed again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Dialect, Row, any_, func, literal, select, tuple_
from sqlalchemy.orm import Session

from batchbook.db.transactions import READ_ONLY
from batchbook.errors import Conflict
from batchbook.grid.query import Grid, Window
from batchbook.grid.state import GridState
from batchbook.grid.state_params import DEFAULT_PAGE_SIZE

#: The most rows of a window.
MOST_ROWS = 500
#: Bytes of all keys that a process keeps, and how long it keeps those of rows whose changes are not counted, in seconds.
MOST_BYTES = 256 * 2**20
LONGEST = 900.0
#: Bytes of a key in a list of tuples, about.
_TUPLE_BYTES = 160
_DIGEST_LENGTH = 20

Key = Any
Keys = Sequence[Key]

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


@dataclass(frozen=True)
class _Kept:
    keys: Keys
    size: int
    at: float = field(default_factory=monotonic)


class KeyCache:
    """The keys of the views that were looked at last, kept by one process and shared by its threads.

    The least recently used ones are dropped when all of them are above ``most_bytes``.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, longest: float = LONGEST) -> None:
        self._most, self._longest = most_bytes, longest
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._making: dict[str, Lock] = {}
        self._lock = Lock()

    def get(self, token: str) -> Keys | None:
        """Return the keys that ``token`` names; ``None`` if they are not kept, or for too long."""
        with self._lock:
            kept = self._kept.get(token)
            if kept is None:
                return None
            if monotonic() - kept.at > self._longest:
                del self._kept[token]
                return None
            self._kept.move_to_end(token)
            return kept.keys

    def get_or_list(self, token: str, listed: Callable[[], Keys]) -> Keys:
        """Return the kept keys, or those that ``listed`` returns; it is called by one thread at a time for each token."""
        found = self.get(token)
        if found is not None:
            return found
        with self._lock:
            making = self._making.setdefault(token, Lock())
        with making:
            found = self.get(token)
            if found is None:
                found = listed()
                self._put(token, found)
        with self._lock:
            self._making.pop(token, None)
        return found

    def _put(self, token: str, keys: Keys) -> None:
        each = keys.itemsize if isinstance(keys, array) else _TUPLE_BYTES
        with self._lock:
            self._kept[token] = _Kept(keys, each * len(keys))
            held = sum(kept.size for kept in self._kept.values())
            while held > self._most and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                held -= dropped.size


class Windows:
    """The windows of a grid for one ``user``, read by ``session``.

    ``known_total`` is the number of rows without filters, where it is known. ``snapshot`` returns the rows' own; without
    it, or without a ``cache``, nothing is kept.
    """

    def __init__(
        self,
        grid: Grid,
        session: Session,
        user: str | None,
        *,
        cache: KeyCache | None = None,
        snapshot: Callable[[], Snapshot] | None = None,
        known_total: int | None = None,
    ) -> None:
        self.grid = grid
        self.session = session
        self.user = user
        self.cache = cache or KeyCache(0)
        self.known_total = known_total
        self._snapshot = snapshot

    def page(self, state: GridState) -> Window:
        """Return the rows of the page that ``state`` asks for, or of the last one when that lies beyond the end."""
        if self.now.version is None and self._numbers(state) is None:
            return self.grid.window(self.session, state, self.user, known_total=self.known_total)
        token, keys = self._keys(state, "")
        total, size = len(keys), state.page_size
        pages = max(1, -(-total // size))
        state = state.at_page(min(max(state.page, 1), pages))
        first = (state.page - 1) * size
        rows = self._rows(keys[first : first + size])
        last = min(first + size, total)
        return Window([row for _, row in rows], total, state, first + 1 if total else 0, last, pages, token)

    def window(self, state: GridState, first: int, count: int, token: str = "") -> RowWindow:
        """Return the rows at the positions ``first`` to ``first + count``, from 0, of all pages of ``state``.

        ``token`` is that of an earlier window of the same state. A row that is not there any more is left out.
        """
        token, keys = self._keys(state, token)
        found = self._rows(keys[first : first + min(count, MOST_ROWS)])
        return RowWindow([(first + at, row) for at, row in found], len(keys), first, token)

    def keys_at(self, state: GridState, first: int, count: int, token: str = "") -> Keys:
        """Return the keys of the rows at these positions, for work on rows that somebody saw there.

        Raises ``Conflict`` if ``token``, that of the window in which they were seen, cannot tell any more which rows they were.
        """
        now, keys = self._keys(state, token)
        if now != token:
            raise Conflict(MOVED)
        return keys[first : first + count]

    @cached_property
    def now(self) -> Snapshot:
        """The rows as they are now; of their own, where they have no name by which keys could be kept."""
        return self._snapshot() if self._snapshot else Snapshot(secrets.token_hex(6))

    def _keys(self, state: GridState, token: str) -> tuple[str, Keys]:
        """Return the keys of all rows of ``state`` and their token: those of ``token`` where they are of use, else those of now."""
        numbers = self._numbers(state)
        if numbers is not None:
            return "", numbers
        view = self._view_digest(state)
        kept = self.cache.get(token) if token.endswith(f"-{view}") else None
        if kept is not None:
            return token, kept
        version = secrets.token_hex(6) if self.now.version is None else self.now.version
        now = f"{version}-{view}"
        # What an open transaction has written may be rolled back, and its version given to other changes.
        if self.session.connection().get_execution_options().get(READ_ONLY, False):
            return now, self.cache.get_or_list(now, lambda: self._listed(state))
        kept = self.cache.get(now)
        return now, self._listed(state) if kept is None else kept

    def _numbers(self, state: GridState) -> range | None:
        """Return the numbers of the rows in the order of ``state`` if it is theirs and none is missing, else ``None``."""
        descending = None if state.is_narrowed or self.known_total is None else self.grid.direction(state)
        if descending is None:
            return None
        low, high = self.grid.ends(self.session) or (1, 0)
        if high - low + 1 != self.known_total:
            return None
        return range(high, low - 1, -1) if descending else range(low, high + 1)

    def _view_digest(self, state: GridState) -> str:
        """Return the digest of everything that the keys of ``state`` depend on, but for changes of the rows."""
        query = replace(state, page=1, page_size=DEFAULT_PAGE_SIZE, view=0).to_query()
        parts = [self.now.name, self.now.generation, self.user, str(self.grid.zone), query]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_DIGEST_LENGTH]

    def _listed(self, state: GridState) -> Keys:
        found = self.session.execute(self.grid.keys(state, self.user))
        if self.grid.is_numbered:
            return array("q", found.scalars().all())
        return [tuple(row) for row in found]

    def _rows(self, keys: Keys) -> list[tuple[int, Row[Any]]]:
        """Return the rows with ``keys``, in that order, with their places among them."""
        if not len(keys):
            return []
        names = [str(column.key) for column in self.grid.identity]
        columns = self.grid.identity
        if isinstance(keys, range):
            condition: ColumnElement[bool] = columns[0].between(
                min(keys[0], keys[-1]), max(keys[0], keys[-1])
            )
        else:
            condition = _among(columns, keys, self.session.get_bind().dialect)
        places = {key: place for place, key in enumerate(keys)}
        found = []
        for row in self.grid.rows_where(self.session, condition):
            values = row._mapping
            key = values[names[0]] if len(names) == 1 else tuple(values[name] for name in names)
            found.append((places[key], row))
        found.sort(key=lambda one: one[0])
        return found


def _among(columns: Sequence[Any], keys: Keys, dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition for the rows with these keys; numbers are one parameter, however many there are."""
    if not isinstance(keys, array):
        return tuple_(*columns).in_([*keys])
    (number,) = columns
    if dialect.name == "postgresql":
        listed: ColumnElement[bool] = number == any_(literal(keys.tolist(), ARRAY(BigInteger)))
        return listed
    values = func.json_each(json.dumps(keys.tolist())).table_valued("value")
    among: ColumnElement[bool] = number.in_(select(values.c.value))
    return among
