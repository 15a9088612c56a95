"""Columns of a grid: the kind of their values, their rules, and how they are derived from a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Context, Decimal
from enum import Enum as PythonEnum
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    Integer,
    Numeric,
    SQLColumnExpression,
    String,
    inspect,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from batchbook.db.column_types import integer_limits
from batchbook.grid.references import Reference


class Kind(StrEnum):
    """The kind of a column's values, by which people read, filter and edit them."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    USER = "user"


#: Kinds whose figures are compared digit by digit, so they stand at the right edge of a column.
NUMERIC_KINDS = frozenset({Kind.INTEGER, Kind.DECIMAL})

# Enum comes before String, which it extends.
_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (Enum, Kind.CHOICE),
    (Boolean, Kind.BOOLEAN),
    (Integer, Kind.INTEGER),
    (DateTime, Kind.DATETIME),
    (Date, Kind.DATE),
    (String, Kind.TEXT),
    (Numeric, Kind.DECIMAL),
)


def kind_of(column_type: TypeEngine[Any]) -> Kind:
    """Return the kind that fits a SQLAlchemy type; a decorated type counts as what it decorates.

    Raises ``TypeError`` for a type that no kind fits, such as JSON, UUID or an inexact float.
    """
    base = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    for known, kind in _KINDS:
        if isinstance(base, known):
            return kind
    raise TypeError(f"A grid cannot show {column_type!r}; leave the column out or give it a kind of its own.")


#: Characters that people may put into a column whose type has no length: some pages of text.
LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class Choice:
    """One of the values that a column may hold, with the word that people read for it.

    ``severity`` names its colour (such as ``"success"`` or ``"error"``) and ``sign`` the character shown beside the
    word; both are for the page and mean nothing to the data.
    """

    value: Any
    label: str
    severity: str | None = None
    sign: str = ""


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a grid.

    ``name`` is its key in links and rows, ``expression`` the SQL it reads. ``scale`` counts the digits kept behind
    the decimal sign; with ``least_scale``, zeros beyond that many digits are left out. ``max_length`` counts characters; ``minimum`` and ``maximum`` are the field's own rule, ``limits`` what
    its database type can hold; ``blank`` is the value of an empty cell. ``link`` names a link that the view resolves;
    ``by_batch_only`` columns are read-only in forms, because they change by batches. Moments are shown to the minute, or
    with ``seconds`` where their order matters. ``reference`` are the records that its cells name, suggested while people type. A column with ``conditions`` of its own, by the verb, is only there to
    filter by: its conditions get the filter's values, no row carries its value, and no file has it. Columns compare by
    identity, because SQL expressions do not compare to a truth value.
    """

    name: str
    label: str
    expression: SQLColumnExpression[Any]
    kind: Kind
    choices: tuple[Choice, ...] = ()
    sortable: bool = True
    filterable: bool = True
    link: str | None = None
    description: str = ""
    editable: bool = False
    scale: int | None = None
    least_scale: int | None = None
    max_length: int | None = None
    minimum: Any = None
    maximum: Any = None
    required: bool = False
    limits: tuple[Any, Any] | None = None
    blank: Any = None
    by_batch_only: bool = False
    seconds: bool = False
    reference: Reference | None = None
    conditions: Mapping[Any, Callable[..., ColumnElement[bool]]] = field(default_factory=dict)

    @property
    def is_searched(self) -> bool:
        """Whether the search over all texts of a grid looks into it."""
        return self.kind in (Kind.TEXT, Kind.USER) and self.filterable and not self.conditions

    @property
    def align(self) -> Literal["right", "left"]:
        """The side at which the cells are aligned: the right one for numbers, so that their digits line up."""
        return "right" if self.kind in NUMERIC_KINDS else "left"

    def choice_of(self, value: Any) -> Choice | None:
        """Return the choice that stands for ``value``, or ``None`` when there is none."""
        return next((choice for choice in self.choices if choice.value == value), None)


def columns_of(model: Any, names: Iterable[str | Column]) -> tuple[Column, ...]:
    """Return the columns of ``model`` that ``names`` lists; a ready :class:`Column` stands for itself.

    Everything is derived from the mapped column: kind, scale, length (without one, :data:`LONGEST_TEXT`) and limits
    from its type, ``required`` from its nullability, and from its ``info`` the parts of a
    :class:`Column` that it has by name, such as ``label``, ``choices`` (see :func:`choices_of`), ``kind`` or ``minimum``. Raises ``ValueError`` for a name that
    the model does not map, ``TypeError`` for a type without a kind.
    """
    return tuple(name if isinstance(name, Column) else _column_of(model, name) for name in names)


def choices_of(source: Any) -> tuple[Choice, ...]:
    """Return choices from an enum, or from an iterable of :class:`Choice`, (value, label) pairs or plain values.

    An enum's members may have ``label``, ``severity`` and ``sign``; without a label their name is made readable.
    """
    return tuple(_choice_of(item) for item in source)


def label_of(name: str) -> str:
    """Return a label made from an attribute's name: ``item_code`` is “Item code”."""
    words = name.replace("_", " ").strip().lower()
    return "ID" if words == "id" else words[:1].upper() + words[1:]


def limits_of(column: Column) -> tuple[Any, Any] | None:
    """Return the least and the largest value that the database takes for ``column``; None if there are no limits.

    They are the column's own ``limits``, else those of its expression's type; a whole number of an unknown type has
    63 bits, the most that the databases know.
    """
    expression: Any = column.expression
    derived = column.limits or _rules_of(expression.type).get("limits")
    return derived or (integer_limits(BigInteger()) if column.kind is Kind.INTEGER else None)


@lru_cache(maxsize=4096)
def _column_of(model: Any, name: str) -> Column:
    # Kept, because each page would derive dozens again, and what is made ready for a column is found by its identity.
    attribute = inspect(model).column_attrs.get(name)
    if attribute is None:
        raise ValueError(f"{model.__name__} has no column “{name}” for a grid to show.")
    source = attribute.columns[0]
    expression = getattr(model, name)
    parts = {"label": label_of(name), **_empty_rules(source), **_rules_of(source.type)}
    parts |= {part: value for part, value in {**source.info, **expression.info}.items() if part in _PARTS}
    if "choices" in parts:
        parts = {"kind": Kind.CHOICE, **parts, "choices": choices_of(parts["choices"])}
    if "kind" not in parts:
        parts["kind"] = kind_of(source.type)
    # A plain text, and not SQLAlchemy's quoted name, which drivers would look at closely in each row that it is written to.
    return Column(name=str(name), expression=expression, **parts)


def _choice_of(item: Any) -> Choice:
    if isinstance(item, Choice):
        return item
    if isinstance(item, PythonEnum):
        label = getattr(item, "label", None) or label_of(item.name)
        # The plain value, not the member, so that it reads back from any database column and from JSON.
        return Choice(item.value, label, getattr(item, "severity", None), getattr(item, "sign", None) or "")
    return Choice(*item) if isinstance(item, tuple) else Choice(item, label_of(str(item)))


def _empty_rules(source: Any) -> dict[str, Any]:
    """Return the meaning of an empty cell: nothing, an empty text where that is the column's default, or an error."""
    if getattr(source, "nullable", True) or source is getattr(source.table, "autoincrement_column", None):
        return {}
    default = getattr(source.default, "arg", None)
    return {"blank": ""} if default == "" else {"required": True}


def _rules_of(column_type: TypeEngine[Any]) -> dict[str, Any]:
    base = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    if isinstance(base, Enum):
        return {"choices": _members_of(base)}
    if isinstance(base, String):
        return {"max_length": base.length or LONGEST_TEXT}
    if isinstance(base, Integer):
        return {"limits": integer_limits(base)}
    return _decimal_rules(base) if isinstance(base, Numeric) else {}


def _members_of(column_type: Enum) -> tuple[Choice, ...]:
    # SQLAlchemy's own enum type reads and writes members, not their values.
    if column_type.enum_class is None:
        return choices_of(column_type.enums)
    return tuple(replace(_choice_of(member), value=member) for member in column_type.enum_class)


def _decimal_rules(numeric: Numeric[Any]) -> dict[str, Any]:
    if numeric.precision is None or numeric.scale is None:
        return {"scale": numeric.scale}
    most = Decimal(10**numeric.precision - 1).scaleb(-numeric.scale, Context(prec=numeric.precision))
    return {"scale": numeric.scale, "limits": (-most, most)}


_PARTS = frozenset(part.name for part in fields(Column)) - {"name", "expression"}
