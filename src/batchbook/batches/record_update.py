"""Updates of records by rows, declared as data: for types whose execution sets attributes of the records that rows name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    case,
    exists,
    false,
    func,
    inspect,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from batchbook.batches.effects.declaration import TargetRecords
from batchbook.batches.handler_declarations import Duplicates, NumberChange, TouchedRecords
from batchbook.batches.lookups import Lookup
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.scope import Rows
from batchbook.batches.rows.storage import row_key, update_from
from batchbook.errors import Conflict
from batchbook.grid import Kind, columns_of, label_of
from batchbook.statuses import Status, UpdateStatus
from batchbook.words import counted, in_sentence, quoted_list

#: The number of keys that a refusal names.
_NAMED = 5
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL)


def is_repeated(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return in SQL whether another row of the batch has the same value in ``column`` of a row model, and is not removed.

    Rows that are compared in this way are peers: name the column in the handler's ``peer_columns``.
    """
    row: Any = column.class_
    other = aliased(row)
    return exists().where(
        other.batch_id == row.batch_id,
        getattr(other, column.key) == column,
        other.sequence != row.sequence,
        ~other.removed,
    )


@dataclass(frozen=True, kw_only=True)
class RecordUpdate:
    """Declaration of the records that an execution updates: ``record_update`` of a handler, which then needs no ``execute``.

    ``column`` is the column of rows that names a record by its ``key``, a unique attribute; by default, those of the
    handler's first lookup. ``values`` are the attributes of
    the record that are set, by name, each to a column of the row, or to an expression in SQL. ``title`` is one of the things
    that change, in the middle of a sentence, such as "reorder point": by default the only attribute of ``values``, or else
    the record. ``touch`` is a function of the time that returns further values for each record that changes, such as its
    version; by default, the method ``touch`` of the model, if it has one.

    A refresh gives a status to the rows that no lookup refuses: ``repeated`` to those that name one record,
    ``empty`` to those with an empty column among ``values``, ``unchanged`` to those whose record has the values already, and
    ``ready`` to the others. With ``None``, rows of that kind get the status of the next one that applies. Rows with one of the statuses ``applied``
    are applied, by default those that are ``ready``; if two of them name one record, nothing is executed.
    """

    values: Mapping[str, str | SQLColumnExpression[Any]]
    # Without a key, a handler that has lookups gets a declaration with that of the first one, when its class is made.
    key: Any = None
    column: str = ""
    title: str = ""
    touch: Callable[[datetime], Mapping[str, Any]] | None = None
    ready: str = UpdateStatus.READY
    unchanged: str | None = UpdateStatus.UNCHANGED
    empty: str | None = UpdateStatus.EMPTY
    repeated: str | None = UpdateStatus.DUPLICATE
    applied: Sequence[str] = ()

    @property
    def model(self) -> type[Any]:
        """The model of the records."""
        model: type[Any] = inspect(self.key.class_).class_
        return model

    @property
    def id(self) -> Any:
        """The primary key of the records, one column."""
        (primary,) = inspect(self.model).primary_key
        return inspect(self.model).get_property_by_column(primary).class_attribute

    @property
    def name(self) -> str:
        """One of the things that change, in the middle of a sentence."""
        if self.title or len(self.values) != 1:
            return self.title or in_sentence(label_of(inspect(self.model).local_table.name))
        return in_sentence(columns_of(self.model, [*self.values])[0].label)

    def check(self, row: type[BatchRow], statuses: type[Status] | None, peers: Sequence[str]) -> None:
        """Raise ``ValueError`` or ``TypeError`` where a part names what is not there, or ``peers`` lack the column."""
        if self.key is None:
            raise ValueError(
                "it has no key, and there is no lookup whose key it could have: give it key= and column="
            )
        columns_of(row, [self.column, *(one for one in self.values.values() if isinstance(one, str))])
        columns_of(self.model, [*self.values])
        if len(inspect(self.model).primary_key) != 1:
            raise ValueError(f"{self.model.__name__} has a primary key of several columns")
        if self.repeated is not None and self.column not in peers:
            raise ValueError(
                f"rows that repeat {self.column!r} are marked, so they are peers: name it in peer_columns, or give it repeated=None"
            )
        declared = {status.value for status in statuses or ()}
        given = (self.ready, self.unchanged, self.empty, self.repeated, *self.applied)
        if unknown := next((str(one) for one in given if one is not None and str(one) not in declared), None):
            raise ValueError(
                f"it gives or applies the status {unknown!r}, which the handler's statuses lack: extend UpdateStatus, or name"
                " your own"
            )

    def completed(self, lookups: Sequence[Lookup]) -> RecordUpdate:
        """Return the declaration with the column and the key of the first of ``lookups``, unless it has its own."""
        if self.key is not None or not lookups:
            return self
        return replace(self, key=lookups[0].key, column=self.column or lookups[0].column)

    @property
    def consequences(self) -> dict[str, Any]:
        """The attributes of a handler that follow from the declaration, by name."""
        if self.key is None:
            return {}
        touched = TouchedRecords(key=(self.key,), columns=(self.column,))
        if self.repeated is None:
            return {"touched_records": touched}
        repeated = Duplicates(status=self.repeated, key=(self.column,))
        return {"touched_records": touched, "duplicates": repeated, "peer_columns": (self.column,)}

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses of the rows that are applied."""
        return tuple(map(str, self.applied or (self.ready,)))

    def refresh(self, rows: Rows, refused: Sequence[str]) -> None:
        """Give ``rows`` their statuses by one statement, except those with a status in ``refused``, by their lookups."""
        row, values = rows.model, {name: self._value(rows.model, name) for name in self.values}
        own = [getattr(row, one).is_(None) for one in self.values.values() if isinstance(one, str)]
        same = [getattr(self.model, name).is_not_distinct_from(value) for name, value in values.items()]
        kinds = (
            (is_repeated(getattr(row, self.column)), self.repeated),
            (or_(false(), *own), self.empty),
            (self.id.is_(None), null()),
            (and_(*same) if same else false(), self.unchanged),
        )
        whens: list[tuple[Any, Any]] = [
            (where, literal(str(status)) if isinstance(status, str) else status)
            for where, status in kinds
            if status is not None
        ]
        found = (
            select(*row_key(row), case(*whens, else_=literal(str(self.ready))).label("new"))
            .outerjoin(self.model, self._join(row))
            .where(rows.where, or_(row.status.is_(None), row.status.not_in([str(one) for one in refused])))
            .subquery("found")
        )
        update_from(rows, found, {"status": found.c.new})

    # --- What the hooks of a handler do by default ---

    def why_not(self, batch: Batch) -> str | None:
        """Return the reason why the batch cannot be executed where none of its rows is applied."""
        if batch.count_of(*self.statuses):
            return None
        return "None of its rows changes anything, so there is nothing to execute."

    def description(self, batch: Batch, statuses: type[Status] | None) -> list[str]:
        """Return the sentences on what changes, and on the rows that are left out."""
        others = [one for one in statuses or () if str(one) not in self.statuses and batch.count_of(one)]
        left_out = ", ".join(f"{batch.count_of(one):,} {in_sentence(one.label)}" for one in others)
        return [
            f"{counted(batch.count_of(*self.statuses), self.name)} will be changed.",
            *([f"Left out: {left_out}."] if left_out else []),
        ]

    def target_records(self, row: type[BatchRow]) -> TargetRecords:
        """Return the records, with the attributes that are set."""
        return TargetRecords(
            model=self.model,
            key=self.key,
            join=self._join(row),
            fields={name: getattr(self.model, name) for name in self.values},
            where=self._is_applied(row),
            creates=False,
        )

    def number_changes(self, row: type[BatchRow]) -> Iterator[NumberChange]:
        """Yield the numbers that are set, each from the value that the record has now."""
        for column in columns_of(self.model, [*self.values]):
            if column.kind in _NUMBERS:
                attribute, new = getattr(self.model, column.name), self.values[column.name]
                value = self._value(row, column.name)
                yield NumberChange(
                    name=column.name,
                    label=f"the {self.name if len(self.values) == 1 else in_sentence(column.label)}",
                    before=self._of_record(row, attribute),
                    after=value if isinstance(new, str) else self._of_record(row, value),
                    where=self._is_applied(row),
                    named_by=(self.column,),
                    records=(self.id, self._join(row)),
                )

    def apply(self, rows: Rows) -> tuple[str, dict[str, int]]:
        """Update the records by one statement; return the sentence and the figures of the outcome.

        Raises ``Conflict`` if several rows that are applied name the same record.
        """
        applied = rows.narrowed(self._is_applied(rows.model))
        self._refuse_repeated(applied)
        new = {name: self._value(rows.model, name) for name in self.values}
        differs = [getattr(self.model, name).is_distinct_from(value) for name, value in new.items()]
        touch = self.touch or getattr(self.model, "touch", None)
        statement = (
            update(self.model)
            .where(applied.where, self._join(rows.model), *([or_(*differs)] if differs else []))
            .values({**new, **(touch(rows.now) if touch else {})})
        )
        changed = rows.session.connection().execute(statement).rowcount
        left_out = rows.count() - applied.count()
        rest = f", {counted(left_out, 'row')} left out" if left_out else ""
        return f"{counted(changed, self.name)} changed{rest}.", {"changed": changed, "left_out": left_out}

    def _refuse_repeated(self, applied: Rows) -> None:
        column = getattr(applied.model, self.column)
        wanted = select(column).where(applied.where).group_by(column).having(func.count() > 1)
        found = applied.session.scalars(wanted.order_by(column).limit(_NAMED + 1)).all()
        if found:
            others = " and others" if len(found) > _NAMED else ""
            raise Conflict(
                f"Nothing was executed, because several rows are for {quoted_list([str(one) for one in found[:_NAMED]])}{others}."
                " Reopen the batch and remove all but one of each."
            )

    def _is_applied(self, row: type[BatchRow]) -> ColumnElement[bool]:
        return row.status.in_(self.statuses)

    def _join(self, row: type[BatchRow]) -> ColumnElement[bool]:
        found: ColumnElement[bool] = getattr(row, self.column) == self.key
        return found

    def _of_record(self, row: type[BatchRow], value: Any) -> Any:
        """Return ``value``, which may use the record of the row, as an expression of the row alone."""
        return select(value).select_from(self.model).where(self._join(row)).scalar_subquery()

    def _value(self, row: type[BatchRow], name: str) -> Any:
        value = self.values[name]
        return getattr(row, value) if isinstance(value, str) else value
