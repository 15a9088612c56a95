"""Scopes of rows: SQL conditions whose rows are read as light objects and written back in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    RowMapping,
    Table,
    and_,
    case,
    func,
    select,
    update,
)
from sqlalchemy.orm import Session

from batchbook.batches.concurrency import next_row_version
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.issues import Issue, issue
from batchbook.batches.rows.row_values import CellCheck
from batchbook.db import Base, utc_now
from batchbook.db.bulk_writing import bulk_update
from batchbook.statuses import Severity, Status

_KEY = ("batch_id", "sequence")
#: The maximum length of a status: that of its column, which SQLite does not enforce.
LONGEST_STATUS = 40


def checked_status(status: Any) -> str | None:
    """Return the ``status`` of a row or header; raise ``TypeError`` or ``ValueError`` if its column cannot store it."""
    if status is None:
        return None
    if not isinstance(status, str):
        raise TypeError(f"a status must be a text or None, and is a {type(status).__name__}")
    if len(status) > LONGEST_STATUS:
        raise ValueError(
            f"a status may have {LONGEST_STATUS} characters, and “{status[:20]}…” has {len(status):,}"
        )
    return status


class RowProxy:
    """A row with its columns as attributes; attributes that are set are written back with the row's chunk."""

    __slots__ = ("_changes", "_values")

    _changes: dict[str, Any]
    _values: Mapping[Any, Any]

    # The columns of all types. Those of a row's own type are attributes, too, unknown to the type checker.
    status: str | None
    status_text: str | None
    issues: list[Issue] | None

    def __init__(self, values: RowMapping) -> None:
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_changes", {})

    def __getattr__(self, name: str) -> Any:
        """Return the column's value, as it was set last."""
        changes = self._changes
        if name in changes:
            return changes[name]
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"A row has no column {name!r}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a column; raise ``AttributeError`` for a column of the key, or a name that is no column."""
        try:
            stored = self._values[name]
        except KeyError:
            raise _no_column_to_set(name) from None
        if name in _KEY:
            raise _no_column_to_set(name)
        if stored == value:
            self._changes.pop(name, None)
        else:
            self._changes[name] = value

    def set_status(self, status: str | None, text: str | None = None) -> None:
        """Set the row's status and its explanation; raise ``ValueError`` for a status that is too long."""
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
        """Add an issue to the cell ``field``, in place of an issue with the same code there; see :class:`Issue`.

        ``raw`` is the text that could not be stored. Raises ``AttributeError`` for a field that is no column of the row, and
        ``TypeError`` for a message that is no text.
        """
        if field not in self._values:
            raise AttributeError(f"A row has no column {field!r} that could have an issue.")
        if not isinstance(message, str):
            raise TypeError(f"the message of an issue must be a text, and is a {type(message).__name__}")
        kept = [i for i in self.issues or () if (i["field"], i["code"]) != (field, code)]
        self.issues = [*kept, issue(field, code, message, severity, raw, suggestions)]

    def clear_issues(self, *codes: str) -> None:
        """Remove the row's issues with one of ``codes``; all of them if no code is given."""
        self.issues = [i for i in self.issues or () if codes and i["code"] not in codes] or None

    @property
    def changes(self) -> Mapping[str, Any]:
        """The values that were set and differ from the stored ones, by column."""
        return self._changes

    def loaded(self, values: RowMapping) -> None:
        """Replace the stored values by ``values``, which were read again. Changes that are not written yet are kept."""
        object.__setattr__(self, "_values", values)

    def stored(self, values: Mapping[str, Any]) -> None:
        """Take ``values``, the changes among them, for stored: they were written to the database."""
        object.__setattr__(self, "_values", {**self._values, **values})
        object.__setattr__(self, "_changes", {})


def _no_column_to_set(name: str) -> AttributeError:
    return AttributeError(f"A row has no column {name!r} that can be set.")


#: The names of the attributes of row objects. Columns, which are attributes, too, cannot have them.
RESERVED = frozenset(name for name in dir(RowProxy) if not name.startswith("_"))


def table_of(model: type[Base]) -> Table:
    """Return the table of a model."""
    return cast("Table", model.__table__)


class Rows:
    """The rows of ``batch`` that satisfy ``where``; ``now`` (UTC) is the time of changes to them.

    Iteration reads the rows once, as :class:`RowProxy`, in order of their sequence; :meth:`save` writes changes back in
    bulk. Iterate over :meth:`chunks` if there may be many rows.
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
        # By sequence. A scope shares them with scopes narrowed from it, so that a row is the same object in all of them.
        # A chunk has its own, which are released with the next chunk.
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
        """Return the scope of those rows that satisfy ``conditions``, too."""
        narrowed = self._part(*conditions)
        narrowed._proxies = self._proxies
        return narrowed

    def _part(self, *conditions: ColumnElement[bool]) -> Rows:
        return Rows(
            self.session, self.batch, self.model, and_(self.where, *conditions), self.now, self._statuses
        )

    def chunks(self, size: int) -> Iterator[Rows]:
        """Yield the rows in chunks of at most ``size`` rows, in order of their sequence.

        Changes to the rows of a chunk are written back before the next one is yielded, or by :meth:`save`.
        """
        number = self.model.sequence
        span = select(func.count(), func.min(number), func.max(number)).where(self.where)
        count, low, high = cast("tuple[int, int, int]", self.session.execute(span).one())
        if count <= size:  # Also if a few rows are far apart.
            if count:
                yield self
            return
        for first in range(low, high + 1, size):
            self._chunk = self._part(self.model.sequence.between(first, first + size - 1))
            yield self._chunk
            self._chunk.save()
            self._chunk = None

    def count(self) -> int:
        """Return the number of rows."""
        return self.session.scalar(select(func.count()).select_from(self.model).where(self.where)) or 0

    def __iter__(self) -> Iterator[RowProxy]:
        """Iterate over the rows, which are read once."""
        if self._loaded is None:
            statement = select(self.table).where(self.where).order_by(self.model.sequence)
            self.session.flush()  # As the session does before its own execute(), which takes twice as long for each row.
            found = self.session.connection().execute(statement).mappings()
            self._loaded = [self._proxy(row) for row in found.all()]
        return iter(self._loaded)

    def _proxy(self, values: RowMapping) -> RowProxy:
        """Return the object of the row with ``values``, which were just read."""
        proxy = self._proxies.setdefault(values["sequence"], RowProxy(values))
        proxy.loaded(values)
        return proxy

    def update(self, *conditions: ColumnElement[bool], **values: Any) -> int:
        """Set columns of the rows that satisfy ``conditions``, by one statement; return the number of these rows.

        A change to an editable column gives the rows a new version, so that edits based on the old one are refused.
        Raises ``ValueError`` for a value that its column cannot store.
        """
        self._refuse_unstorable(values)
        values |= self._newer(values, self.model.version)
        statement = update(self.table).where(self.where, *conditions).values(**values)
        return self.session.connection().execute(statement).rowcount

    def newer_where(self, changed: ColumnElement[bool]) -> dict[str, Any]:
        """Return the values, by column, that give the rows that satisfy ``changed`` a new version.

        Use them in your own UPDATE if it changes editable columns of some rows; :meth:`update` and :meth:`save` do so.
        """
        model = self.model
        newer = next_row_version(model.version, self.now)
        return {name: case((changed, value), else_=getattr(model, name)) for name, value in newer.items()}

    def save(self) -> int:
        """Write changes of the rows back in bulk; return the number of rows that changed.

        A change to an editable column gives the row a new version, so that edits based on the old one are refused. A
        value that its column cannot store becomes an issue of its cell, see :class:`CellCheck`.
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
        """Replace changes of ``rows`` that their columns cannot store, and add issues for them."""
        names: set[str] = set().union(*(row.changes for row in rows))
        for name in sorted(names - {"issues"}):
            having = [row for row in rows if name in row.changes]
            values = [row.changes[name] for row in having]
            stored, unfit = self._check.column(name, values)
            if stored is not values:
                for row, value in zip(having, stored, strict=True):
                    setattr(row, name, value)
            for at, found in unfit.items():
                having[at].add_issue(name, found["code"], found["message"], raw=found["raw"])
        noted = [row for row in rows if "issues" in row.changes]
        for row, issues in zip(noted, self._check.issues([row.issues for row in noted]), strict=True):
            row.issues = issues

    def _refuse_unstorable(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name not in self.table.c:
                raise ValueError(f"{self.model.__name__} has no column {name!r}")
            if not isinstance(value, ClauseElement) and not hasattr(value, "__clause_element__"):
                _, issues = self._check.column(name, [value])
                if issues:
                    raise ValueError(issues[0]["message"])

    def _newer(self, values: Mapping[str, Any], version: Any) -> dict[str, Any]:
        """Return the values of a new version if ``values`` change an editable column, so that older edits are refused."""
        changed = any(self.table.c[name].info.get("editable") for name in values)
        return next_row_version(version, self.now) if changed else {}
