"""Declaration of the records that executing a batch may create, change or delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, String, inspect, select, true
from sqlalchemy import cast as cast_in_sql
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.batches.models import BatchRow
from batchbook.words import storable

#: The length of the name of a kind of records, and of a record's key, as they are kept.
LONGEST_NAME, LONGEST_KEY = 60, 200
#: The types of values that JSON has.
_AS_THEY_ARE = frozenset({str, int, bool, NoneType})


@dataclass(frozen=True, kw_only=True)
class TargetRecords:
    """Records of one model that an execution creates, changes or deletes: a line of ``target_records`` of a handler.

    ``join`` is the condition by which a row finds its record, before it is created and after it is deleted as well, so it
    compares keys; ``where`` are the rows that may have an effect, by default all. ``key`` is the column by which people know
    a record, ``fields`` are the values that are kept, by name: columns of the model, or expressions of them. ``name`` is
    that of the records, such as "product", by default that of their table.

    The framework reads the values before and after the execution, within its transaction, so the effects that it keeps and
    shows are those that took place. The records are locked before they are read, unless ``locked`` is false: for records that
    are only created.
    """

    key: InstrumentedAttribute[Any] | SQLColumnExpression[Any]
    model: type[Any]
    join: ColumnElement[bool]
    fields: Mapping[str, SQLColumnExpression[Any]]
    where: ColumnElement[bool] = field(default_factory=true)
    name: str = ""
    locked: bool = True

    @property
    def kind(self) -> str:
        """The name of the records."""
        return (self.name or inspect(self.model).local_table.name)[:LONGEST_NAME]

    @property
    def id(self) -> Any:
        """The primary key of the model, which is one column of whole numbers."""
        (column,) = inspect(self.model).primary_key
        return inspect(self.model).get_property_by_column(column).class_attribute

    def values(self, row: type[BatchRow], where: ColumnElement[bool]) -> Select[Any]:
        """Return the SELECT of the records that rows of ``row`` with ``where`` find, in the order of their primary keys.

        The columns are the primary key, the key as text, the number of the row, and the fields.
        """
        columns: list[Any] = [
            column.label(f"field_{place}") for place, column in enumerate(self.fields.values())
        ]
        key = cast_in_sql(self.key, String).label("record_key")
        statement = select(self.id.label("record_id"), key, row.sequence, *columns)
        return statement.where(where, self.where, self.join).order_by(self.id, row.sequence)


# The functions get the author's own handler and headers, whose types only the author's code knows.
@dataclass(frozen=True, kw_only=True)
class Reversing:
    """Declaration of how executed batches are reversed: ``reversing`` of a handler, whose ``target_records`` are kept.

    ``header(handler, source, effects)`` returns the values of the header of the batch that reverses ``source``, by column.
    ``rows(handler, batch, effects)`` yields the rows of that batch, as ``populate`` does, from the effects of the other one:
    what each record had before it, and what it had after it. A refresh finds out whether it still has that.
    """

    header: Callable[[Any, Any, Iterator[Any]], Mapping[str, Any]]
    rows: Callable[[Any, Any, Iterator[Any]], Iterable[Any]]


def values_as_json(values: Sequence[Any]) -> Sequence[Any]:
    """Return the ``values`` of a column as they are kept: decimals, dates and moments as texts, anything unknown as its text."""
    kinds = set(map(type, values))
    if kinds <= _AS_THEY_ARE:
        return values
    if kinds <= {Decimal, NoneType}:
        return [None if value is None else f"{value:f}" for value in values]
    return [value if type(value) in _AS_THEY_ARE else _text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return (
        value.isoformat() if isinstance(value, date) else storable(str(value))
    )  # Moments are dates as well.
