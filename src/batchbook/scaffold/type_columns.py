"""The columns of a new batch type, as its author writes them: ``reason:text(60)``, ``description:Product.description``."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, inspect
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.batches import Batch, BatchRow
from batchbook.catalog.models import PRICE, Product
from batchbook.db import ExactDecimal
from batchbook.errors import BadInput

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40
_SIZED = re.compile(r"(text|decimal)\((\d{1,4})(?:,\s*(\d{1,2}))?\)")
_TAKEN = re.compile(r"([A-Z]\w*)\.([a-z]\w*)")
#: The column of every generated row by which it names a product.
ITEM_CODE = "item_code"

_DECIMAL, _CATALOGUE, _DATABASE = "decimal:Decimal", "batchbook.catalog.models", "batchbook.db"


@dataclass(frozen=True)
class Kind:
    """A kind of columns: the type of Python and the one of SQL as code, what both are imported from, and a text to enter.

    ``imports`` are of the form ``module:name``. ``sql`` is empty where the type of Python tells it.
    """

    python: str
    sql: str = ""
    imports: tuple[str, ...] = ()
    sample: str = "7"


KINDS = {
    "text": Kind("str", "String(200)", ("sqlalchemy:String",), "A text"),
    "integer": Kind("int"),
    "price": Kind("Decimal", "PRICE", (_DECIMAL, f"{_CATALOGUE}:PRICE"), "1.50"),
    "decimal": Kind("Decimal", "ExactDecimal(12, 2)", (_DECIMAL, f"{_DATABASE}:ExactDecimal"), "1.50"),
    "boolean": Kind("bool", sample="false"),
    "date": Kind("date", imports=("datetime:date",), sample="2026-12-01"),
}


@dataclass(frozen=True)
class TypeColumn:
    """A column of a new type: one that people edit, or, with ``taken``, an attribute of the catalogue that rows take."""

    name: str
    kind: Kind
    taken: str = ""
    imports: Sequence[str] = field(default=())

    @property
    def declaration(self) -> str:
        """The statement that declares the column in its model."""
        function = "column" if self.taken else "editable"
        return f"{self.name}: Mapped[{self.kind.python} | None] = {function}({self.kind.sql})"

    @property
    def is_written(self) -> bool:
        """Whether products have such an attribute, which an execution may set without recording more than that."""
        attribute = inspect(Product).columns.get(self.name)
        if (
            self.taken or attribute is None or self.name == "cost"
        ):  # Each change of a cost is in the cost history.
            return False
        info = attribute.info
        return (
            bool(info.get("editable")) and not info.get("by_batch_only") and self._has_kind_of(attribute.type)
        )

    def _has_kind_of(self, stored: Any) -> bool:
        return bool(kind_of(stored).python == self.kind.python)


def kind_of(stored: Any) -> Kind:
    """Return the kind of columns that hold what a column of the type ``stored`` has; raise ``BadInput`` if there is none."""
    if isinstance(stored, ExactDecimal):
        if (stored.precision, stored.scale) == (PRICE.precision, PRICE.scale):
            return KINDS["price"]
        return _decimal(stored.precision, stored.scale)
    if isinstance(stored, String):
        return _text(stored.length) if stored.length else KINDS["text"]
    names = {int: "integer", bool: "boolean"}
    python = stored.python_type
    if python not in names and python.__name__ != "date":
        raise BadInput(f"there are no columns of {type(stored).__name__} among the kinds: {', '.join(KINDS)}")
    return KINDS[names.get(python, "date")]


def _text(length: int) -> Kind:
    return Kind("str", f"String({length})", KINDS["text"].imports, "A text"[:length])


def _decimal(precision: int, scale: int) -> Kind:
    return Kind(
        "Decimal", f"ExactDecimal({precision}, {scale})", KINDS["decimal"].imports, f"{1:.{min(scale, 2)}f}"
    )


def read_columns(texts: Sequence[str], *, of_rows: bool) -> list[TypeColumn]:
    """Return the columns that ``texts`` describe, each ``name:kind``; those of rows may take attributes of the catalogue.

    Raises ``BadInput`` for a text that describes none, and for a name that is taken or given twice.
    """
    found: list[TypeColumn] = []
    for text in texts:
        column = _column(text, of_rows=of_rows)
        if column.name in {one.name for one in found}:
            raise BadInput(f"“{text}” describes a second column {column.name}")
        found.append(column)
    return found


def _column(text: str, *, of_rows: bool) -> TypeColumn:
    name, colon, kind = (part.strip() for part in text.partition(":"))
    if not (colon and kind):
        raise BadInput(f"“{text}” is not of the form name:kind")
    _demand_free_name(name, BatchRow if of_rows else Batch)
    if of_rows and (taken := _TAKEN.fullmatch(kind)):
        return _taken(name, *taken.groups())
    if sized := _SIZED.fullmatch(kind):
        what, size, scale = sized.groups()
        is_good = (what == "text" and not scale and int(size) > 0) or (
            what == "decimal" and 0 < int(size) <= 18
        )
        if is_good and int(scale or 0) <= int(size):
            return TypeColumn(
                name, _text(int(size)) if what == "text" else _decimal(int(size), int(scale or 0))
            )
    elif kind in KINDS:
        return TypeColumn(name, KINDS[kind])
    more = ", and attributes of the catalogue such as Product.description" if of_rows else ""
    raise BadInput(
        f"“{kind}” is no kind of column; there are {', '.join(KINDS)}, text(60), decimal(12, 4){more}"
    )


def _demand_free_name(name: str, base: type[Any]) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or keyword.iskeyword(name):
        raise BadInput(
            f"“{name}” cannot name a column: use small letters, digits and single underscores, 40 at the most"
        )
    taken = {one for one in dir(base) if not one.startswith("_")} | {ITEM_CODE}
    if name in taken:
        raise BadInput(
            f"every {'row' if base is BatchRow else 'batch'} has “{name}” already; give the column another name"
        )


def _taken(name: str, model: str, attribute: str) -> TypeColumn:
    found = {Product.__name__: Product, **{one.__name__: one for one in _owners()}}.get(model)
    column = None if found is None else getattr(found, attribute, None)
    if not isinstance(column, InstrumentedAttribute) or not hasattr(column.property, "columns"):
        raise BadInput(f"the catalogue has no {model}.{attribute}")
    return TypeColumn(name, kind_of(column.type), f"{model}.{attribute}", (f"{_CATALOGUE}:{model}",))


def _owners() -> Iterator[type[Any]]:
    return (relation.mapper.class_ for relation in inspect(Product).relationships if not relation.uselist)


def joins_of(columns: Sequence[TypeColumn]) -> list[str]:
    """Return the relationships of products over which ``columns`` are taken, such as ``Product.vendor``."""
    models = {column.taken.partition(".")[0] for column in columns}
    return [
        f"Product.{relation.key}"
        for relation in inspect(Product).relationships
        if not relation.uselist and relation.mapper.class_.__name__ in models
    ]
