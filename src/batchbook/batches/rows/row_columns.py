"""Columns of a row table that is made at run time, as plain data stored with its batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import BigInteger, Boolean, Date, String
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeDecorator, TypeEngine

from batchbook.batches.models import column
from batchbook.batches.rows.row_values import Block, RowValues
from batchbook.db import ExactDecimal, UTCDateTime
from batchbook.grid import Column, Kind, Reference

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_TYPES: dict[Kind, type[TypeEngine[Any]]] = {
    Kind.BOOLEAN: Boolean,
    Kind.INTEGER: BigInteger,
    Kind.DATE: Date,
    Kind.DATETIME: UTCDateTime,
}
_VALUES: dict[Kind, Any] = {
    Kind.INTEGER: int,
    Kind.DECIMAL: Decimal,
    Kind.DATE: date.fromisoformat,
    Kind.DATETIME: datetime.fromisoformat,
}


@dataclass(frozen=True)
class RowColumn:
    """A column of one batch's rows, with its ``name`` in the database and its attributes for pages.

    ``length`` is the maximum number of characters of a text; ``precision`` and ``scale`` count the digits of a decimal.
    ``minimum`` and ``maximum`` are values of the kind, as texts; ``choices`` are pairs of value and label. A column that is
    ``shown`` is in the grid, one that is ``indexed`` has an index, and one that is a ``peer`` column relates rows to each
    other like a handler's ``peer_columns``. A ``derived`` one is set by the refresh, not by what the rows are made from, so
    its index is created after the first refresh. Cells may always be empty.

    Raises ``ValueError`` unless the name consists of lower-case letters, digits and underscores, and begins with a letter.
    """

    name: str
    kind: Kind
    label: str
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    choices: tuple[tuple[str, str], ...] = ()
    description: str = ""
    editable: bool = False
    shown: bool = True
    indexed: bool = False
    peer: bool = False
    derived: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name for a column of rows.")

    @classmethod
    def like(cls, source: Column, name: str, label: str, **more: Any) -> Self:
        """Return a column for the values of ``source``, a column of a model; ``more`` are fields of the result.

        Raises ``ValueError`` for a type that row tables cannot have.
        """
        expression: Any = source.expression
        kind_of_type = expression.type
        precision = scale = None
        if source.kind is Kind.DECIMAL:
            if not isinstance(kind_of_type, ExactDecimal):
                raise ValueError(
                    f"the column {source.name!r} is a number that is not exact: use ExactDecimal"
                )
            precision, scale = kind_of_type.precision, kind_of_type.scale
        elif source.kind not in (*_TYPES, Kind.TEXT, Kind.CHOICE, Kind.USER):
            raise ValueError(f"the column {source.name!r} has a kind that rows cannot have: {source.kind}")
        return cls(
            name,
            source.kind,
            label,
            length=source.max_length,
            precision=precision,
            scale=scale,
            minimum=None if source.minimum is None else str(source.minimum),
            maximum=None if source.maximum is None else str(source.maximum),
            choices=tuple((str(choice.value), choice.label) for choice in source.choices),
            description=source.description,
            **more,
        )

    def mapped(self) -> MappedColumn[Any]:
        """Return the column for a row model."""
        rules = {
            "minimum": self._value(self.minimum),
            "maximum": self._value(self.maximum),
            "choices": self.choices or None,
            "description": self.description or None,
            "editable": self.editable or None,
        }
        options = {rule: value for rule, value in rules.items() if value is not None}
        info = {"kind": self.kind, "shown": self.shown, "peer": self.peer, "derived": self.derived}
        return column(self.name, self._type(), nullable=True, label=self.label, info=info, **options)

    def to_json(self) -> dict[str, Any]:
        """Return the column as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the column from the result of :meth:`to_json`."""
        choices = tuple((value, label) for value, label in stored["choices"])
        return cls(**{**stored, "kind": Kind(stored["kind"]), "choices": choices})

    def _type(self) -> TypeEngine[Any] | TypeDecorator[Any]:
        if self.kind is Kind.DECIMAL:
            return ExactDecimal(self.precision or 18, self.scale or 0)
        if self.kind in _TYPES:
            return _TYPES[self.kind]()
        return String(self.length)

    def _value(self, text: str | None) -> Any:
        return None if text is None else _VALUES.get(self.kind, str)(text)


# The functions get the author's own handler and header, whose types only the author's code knows.
@dataclass(frozen=True, kw_only=True)
class PerBatchRows:
    """Declaration of rows that are stored in a table for each batch: ``per_batch_rows`` of a handler.

    ``columns(handler, batch)`` returns the columns that the batch's rows have besides the type's own; it is called once,
    when the batch is populated. ``supplement(handler, batch)`` yields further rows that depend on those that ``populate``
    yielded, which are stored and indexed by then. ``references(handler, batch)`` returns, by column, the records that its
    cells name, which are suggested while people type.
    """

    columns: Callable[[Any, Any], Sequence[RowColumn]]
    supplement: Callable[[Any, Any], Iterable[RowValues | Block]] = lambda _handler, _batch: ()
    references: Callable[[Any, Any], Mapping[str, Reference]] = lambda _handler, _batch: {}


def refuse_doubles(columns: Sequence[RowColumn], taken: Sequence[str]) -> None:
    """Raise ``ValueError`` if two of ``columns`` have the same name, or one has a name that is ``taken``."""
    names = [*taken, *(column.name for column in columns)]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"There would be more than one column {doubled[0]!r} in a row.")
