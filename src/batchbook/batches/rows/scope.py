"""Scopes of rows: a condition in SQL, iterated as light row objects, written back in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from sqlalchemy import ClauseElement, ColumnElement, RowMapping, Table, and_, case, func, select, update
from sqlalchemy.orm import Session

from batchbook.batches.concurrency import next_row_version
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.issues import Issue, issue
from batchbook.batches.rows.row_values import CellCheck
from batchbook.db import utc_now
from batchbook.db.bulk_writing import bulk_update
from batchbook.statuses import Severity, Status

_KEY = ("batch_id", "sequence")
#: How long a status may be: as long as its column, which SQLite does not look at.
_LONGEST_STATUS = 40


def checked_status(status: Any) -> str | None:
    """Return a row's or header's status; raise ``TypeError`` or ``ValueError`` for one that its column cannot hold."""
    if status is None:
        return None
    if not isinstance(status, str):
        raise TypeError(f"a status must be a text or None, and is a {type(status).__name__}")
    if len(status) > _LONGEST_STATUS:
        raise ValueError(
            f"a status may have {_LONGEST_STATUS} characters, and “{status[:20]}…” has {len(status):,}"
        )
    return status


class RowProxy:
    """A row as a handler sees it: columns as attributes; what is set is written back with its chunk."""

    __slots__ = ("_changes", "_values")

    _changes: dict[str, Any]
    _values: Mapping[Any, Any]

    # What every row has; a type's own columns are attributes too, unknown to the type checker.
    status: str | None
    status_text: str | None
    issues: list[Issue] | None

    def __init__(self, values: RowMapping) -> None:
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_changes", {})

    def __getattr__(self, name: str) -> Any:
        """Return the column's value, as last set."""
        changes = self._changes
        if name in changes:
            return changes[name]
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"A row has no column {name!r}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a column; a name that is no column, or the key, raises ``AttributeError``."""
        if name not in self._values or name in _KEY:
            raise AttributeError(f"A row has no column {name!r} that can be set.")
        if self._values[name] == value:
            self._changes.pop(name, None)
        else:
            self._changes[name] = value

    def set_status(self, status: str | None, text: str | None = None) -> None:
        """Set the row's status and the words that go with it; raise ``ValueError`` for a status that is too long."""
        self.status = checked_status(None if status is None else str(status))
        self.status_text = text

    def add_issue(
        self,
        field: str,
        code: str,
        message: str,
        severity: Severity = Severity.ERROR,
        suggestions: Sequence[str] = (),
        raw: str | None = None,
    ) -> None:
        """Note that something is wrong in the cell ``field``, in place of an earlier issue of the same code there.

        ``raw`` is the text that could not be stored.
        """
        kept = [i for i in self.issues or () if (i["field"], i["code"]) != (field, code)]
        self.issues = [*kept, issue(field, code, message, severity, raw, suggestions)]

    def clear_issues(self, *codes: str) -> None:
        """Drop the row's issues of these codes; all of them when none is named."""
        self.issues = [i for i in self.issues or () if codes and i["code"] not in codes] or None

    @property
    def changes(self) -> Mapping[str, Any]:
        """What was set and differs from what is stored."""
        return self._changes

    def loaded(self, values: RowMapping) -> None:
        """Note what the database holds; what was set and is not written yet stays set."""
        object.__setattr__(self, "_values", values)

    def stored(self, values: Mapping[str, Any]) -> None:
        """Note that ``values``, the changes among them, were written to the database."""
        object.__setattr__(self, "_values", {**self._values, **values})
        object.__setattr__(self, "_changes", {})


#: What rows can do: no column can be called so, because columns are attributes, too.
RESERVED = frozenset(name for name in dir(RowProxy) if not name.startswith("_"))


def table_of(model: type[BatchRow]) -> Table:
    """Return the table of a row model."""
    return cast("Table", model.__table__)


class Rows:
    """The rows of ``batch`` that satisfy ``where``; what changes them, changes them at the moment ``now`` (UTC).

    Iterating loads them once, as :class:`RowProxy`, in order of their sequence; :meth:`save` writes back in bulk what
    was set. Iterate over :meth:`chunks` where the scope may be large.
    """

    def __init__(
        self,
        session: Session,
        batch: Batch,
        model: type[BatchRow],
        where: ColumnElement[bool],
        now: datetime | None = None,
        statuses: type[Status] | None = None,
    ) -> None:
        self.session = session
        self.batch = batch
        self.model = model
        self.where = where
        self.now = now or utc_now()
        self._statuses = statuses
        self._loaded: list[RowProxy] | None = None
        # By sequence. A scope shares them with those that are narrowed from it, so that a row is one row in all of
        # them; a chunk has its own, which go when the next one comes.
        self._proxies: dict[int, RowProxy] = {}
        self._chunk: Rows | None = None

    @classmethod
    def of_batch(
        cls,
        session: Session,
        batch: Batch,
        model: type[BatchRow],
        now: datetime | None = None,
        statuses: type[Status] | None = None,
    ) -> Rows:
        """Return all rows of ``batch`` that are not removed."""
        return cls(session, batch, model, and_(model.batch_id == batch.id, ~model.removed), now, statuses)

    @property
    def table(self) -> Table:
        """The row table."""
        return table_of(self.model)

    def narrowed(self, *conditions: ColumnElement[bool]) -> Rows:
        """Return the rows of this scope that satisfy ``conditions`` too."""
        narrowed = self._part(*conditions)
        narrowed._proxies = self._proxies
        return narrowed

    def _part(self, *conditions: ColumnElement[bool]) -> Rows:
        return Rows(
            self.session, self.batch, self.model, and_(self.where, *conditions), self.now, self._statuses
        )

    def chunks(self, size: int) -> Iterator[Rows]:
        """Yield this scope in parts of at most ``size`` rows, from the first to the last.

        What was set on the rows of a part is written back when the next one is asked for, or by :meth:`save`.
        """
        number = self.model.sequence
        span = select(func.count(), func.min(number), func.max(number)).where(self.where)
        count, low, high = cast("tuple[int, int, int]", self.session.execute(span).one())
        if count <= size:  # Also where a few rows lie far apart.
            if count:
                yield self
            return
        for first in range(low, high + 1, size):
            self._chunk = self._part(self.model.sequence.between(first, first + size - 1))
            yield self._chunk
            self._chunk.save()
            self._chunk = None

    def count(self) -> int:
        """Return how many rows the scope has."""
        return self.session.scalar(select(func.count()).select_from(self.model).where(self.where)) or 0

    def __iter__(self) -> Iterator[RowProxy]:
        """Load the rows once and iterate over them."""
        if self._loaded is None:
            statement = select(self.table).where(self.where).order_by(self.model.sequence)
            self._loaded = [self._proxy(row) for row in self.session.execute(statement).mappings()]
        return iter(self._loaded)

    def _proxy(self, values: RowMapping) -> RowProxy:
        """Return the one object for the row, which knows from now on what was just read."""
        proxy = self._proxies.setdefault(values["sequence"], RowProxy(values))
        proxy.loaded(values)
        return proxy

    def update(self, *conditions: ColumnElement[bool], **values: Any) -> int:
        """Set columns of the scope's rows (those that satisfy ``conditions``) by one statement; return how many.

        A change to an editable column is seen by editors as newer than what they looked at. Raises ``ValueError`` for
        a value that its column does not store.
        """
        self._refuse_unstorable(values)
        values |= self._newer(values, self.model.version)
        statement = update(self.table).where(self.where, *conditions).values(**values)
        return self.session.connection().execute(statement).rowcount

    def newer_where(self, changed: ColumnElement[bool]) -> dict[str, Any]:
        """Return the values, by column, that make the rows that satisfy ``changed`` newer than what editors saw.

        For an UPDATE of your own that changes editable columns of some rows; :meth:`update` and :meth:`save` do this.
        """
        model = self.model
        newer = next_row_version(model.version, self.now)
        return {name: case((changed, value), else_=getattr(model, name)) for name, value in newer.items()}

    def save(self) -> int:
        """Write back what was set on the rows, in bulk; return how many rows changed.

        A change to an editable column is seen by editors as newer than what they looked at. A value that its column
        does not store becomes an issue of its cell, see :class:`CellCheck`.
        """
        saved = self._chunk.save() if self._chunk else 0
        changed = [row for row in self._proxies.values() if row.changes]
        self._fit(changed)
        groups: dict[tuple[str, ...], list[Sequence[Any]]] = {}
        for row in [row for row in changed if row.changes]:
            values = dict(row.changes) | self._newer(row.changes, row.version)
            groups.setdefault(tuple(values), []).append((*values.values(), row.batch_id, row.sequence))
            row.stored(values)
        connection = self.session.connection()
        for columns, records in groups.items():
            bulk_update(connection, self.table, _KEY, columns, records)
        return saved + sum(map(len, groups.values()))

    @cached_property
    def _check(self) -> CellCheck:
        return CellCheck(self.table, self.session.get_bind().dialect, self._statuses)

    def _fit(self, rows: Sequence[RowProxy]) -> None:
        """Set on ``rows`` what their columns store of what was set."""
        names: set[str] = set().union(*(row.changes for row in rows))
        for name in sorted(names - {"issues"}):
            having = [row for row in rows if name in row.changes]
            given = [row.changes[name] for row in having]
            stored, unfit = self._check.column(name, given)
            if stored is not given:
                for row, value in zip(having, stored, strict=True):
                    setattr(row, name, value)
            for at, found in unfit.items():
                having[at].add_issue(name, found["code"], found["message"], raw=found["raw"])
        noted = [row for row in rows if "issues" in row.changes]
        for row, issues in zip(noted, self._check.issues([row.issues for row in noted]), strict=True):
            row.issues = issues

    def _refuse_unstorable(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if not isinstance(value, ClauseElement) and not hasattr(value, "__clause_element__"):
                _, issues = self._check.column(name, [value])
                if issues:
                    raise ValueError(issues[0]["message"])

    def _newer(self, values: Mapping[str, Any], version: Any) -> dict[str, Any]:
        """Return what to set besides ``values``, so that an edit which saw the row before them is refused."""
        changed = any(self.table.c[name].info.get("editable") for name in values)
        return next_row_version(version, self.now) if changed else {}
