"""Declaration of the records that executing a batch may create, change or delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, inspect, true
from sqlalchemy.orm import InstrumentedAttribute

#: The length of the name of a kind of records, and of a record's key, as they are kept.
LONGEST_NAME, LONGEST_KEY = 60, 200


@dataclass(frozen=True, kw_only=True)
class TargetRecords:
    """Records of one model that an execution creates, changes or deletes: a line of ``target_records`` of a handler.

    ``join`` is the condition by which a row finds its record, before it is created and after it is deleted as well, so it
    compares keys; ``where`` are the rows that may have an effect, by default all. ``key`` is the column by which people know
    a record, ``fields`` are the values that are kept, by name: columns of the model, or expressions of them. ``name`` is
    that of the records, such as "product", by default that of their table.

    The database compares the values before and after the execution, within its transaction, so the effects that are kept and
    shown are those that took place. The records are locked before they are read, unless ``locked`` is false: for records that
    are only created. Unless ``creates`` is false, records that are there only after the execution are looked for as well.
    """

    key: InstrumentedAttribute[Any] | SQLColumnExpression[Any]
    model: type[Any]
    join: ColumnElement[bool]
    fields: Mapping[str, SQLColumnExpression[Any]]
    where: ColumnElement[bool] = field(default_factory=true)
    name: str = ""
    locked: bool = True
    creates: bool = True

    @property
    def kind(self) -> str:
        """The name of the records."""
        return (self.name or inspect(self.model).local_table.name)[:LONGEST_NAME]

    @property
    def id(self) -> Any:
        """The primary key of the model, which is one column of whole numbers."""
        (column,) = inspect(self.model).primary_key
        return inspect(self.model).get_property_by_column(column).class_attribute

    def found_by(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the condition that joins the rows with ``where`` to the records that they find."""
        return and_(where, self.where, self.join)


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
