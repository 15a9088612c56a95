"""The sources that a batch type declares besides files: rows of batches of another type, and records of a grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import Integer, Select, SQLColumnExpression, inspect, select
from sqlalchemy.orm import aliased

from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.per_batch import DynamicRow
from batchbook.db import ExactDecimal
from batchbook.declarations import refuse_wrong, shown


@dataclass(frozen=True)
class FromBatch:
    """Rows of batches of the type with the key ``batch_type``, from which batches are made: one of ``sources`` of a handler.

    ``columns`` maps columns of their rows to columns of this type's rows, ``header`` fields of their header to fields of this
    one, which people may change before the batch is made. A type that is not installed offers nothing, so a plug-in may name
    one that it does not need.

    ``adds`` are columns of numbers of this type's rows that add up, as those of scans do: rows with the same values in all other
    ``columns`` become one, with the sums; by ``()``, rows that are the same become one. By default each stays by itself.
    """

    batch_type: str
    columns: Mapping[str, str]
    header: Mapping[str, str] = field(default_factory=dict)
    adds: Sequence[str] | None = None

    @property
    def name(self) -> str:
        """The name by which a batch keeps which of the sources it was made from."""
        return f"batch:{self.batch_type}"

    def refuse_unknown(self, where: str, header: type[Batch], row: type[BatchRow]) -> None:
        """Raise ``ConfigurationError`` for a column that the models of the source, ``header`` and ``row``, do not have.

        Rows with a table for each batch have columns that only the batch knows; one that lacks them leaves cells empty.
        """
        parts: list[tuple[str, type[Any], Mapping[str, str]]] = [("header", header, self.header)]
        if not issubclass(row, DynamicRow):
            parts.append(("columns", row, self.columns))
        for part, model, names in parts:
            known = inspect(model).column_attrs
            for name in names:
                if name not in known:
                    raise ConfigurationError(
                        f"{where}.{part} names {name!r}, which is no column of {model.__name__}."
                    )


@dataclass(frozen=True)
class FromSearch:
    """Records of ``model`` that are chosen in the grid of their master view: one of ``sources`` of a handler.

    ``columns`` maps attributes of the model to columns of this type's rows; ``vendor.code`` is the attribute of a related
    record. The model's primary key is one column of whole numbers.
    """

    model: type[Any]
    columns: Mapping[str, str]
    header: Mapping[str, str] = field(default_factory=dict, init=False)
    adds: Sequence[str] | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """The name by which a batch keeps which of the sources it was made from."""
        return f"records:{inspect(self.model).local_table.name}"

    @property
    def id(self) -> Any:
        """The primary key of the model."""
        (column,) = inspect(self.model).primary_key
        return inspect(self.model).get_property_by_column(column).class_attribute

    def selected(self, names: Sequence[str]) -> Select[Any]:
        """Return the SELECT of the primary key and the attributes ``names`` of all records, in this order.

        A record without the related one has nothing there. Raises ``LookupError`` for an attribute that is not there.
        """
        joined: dict[str, tuple[Any, Any]] = {}
        expressions = [self._expression(name, joined) for name in names]
        statement = select(self.id, *(one.label(f"value_{at}") for at, one in enumerate(expressions)))
        for relationship, related in joined.values():
            statement = statement.outerjoin(relationship.of_type(related))
        return statement

    def _expression(self, name: str, joined: dict[str, tuple[Any, Any]]) -> SQLColumnExpression[Any]:
        mapper, (first, _, rest) = inspect(self.model), name.partition(".")
        if not rest:
            return _attribute(self.model, name)
        if first not in mapper.relationships or mapper.relationships[first].uselist:
            raise LookupError(f"{name!r}, and {self.model.__name__} has no single related record {first!r}")
        if first not in joined:
            joined[first] = getattr(self.model, first), aliased(mapper.relationships[first].mapper.class_)
        return _attribute(joined[first][1], rest)

    def refuse_unknown(self, where: str) -> None:
        """Raise ``ConfigurationError`` for a model that is none, or that has no such key, and for an unknown attribute."""
        mapper = inspect(self.model, raiseerr=False)
        if mapper is None or not getattr(mapper, "is_mapper", False):
            raise ConfigurationError(f"{where} must be a model, and is {shown(self.model)}.")
        key = mapper.primary_key
        if len(key) != 1 or not isinstance(key[0].type, Integer):
            raise ConfigurationError(
                f"{where}: the primary key of {self.model.__name__} must be one column of whole numbers."
            )
        try:
            self.selected([*self.columns])
        except LookupError as error:
            raise ConfigurationError(f"{where}.columns names {error.args[0]}.") from None


def _attribute(model: Any, name: str) -> SQLColumnExpression[Any]:
    """Return the attribute ``name`` of ``model`` as SQL; raise ``LookupError`` if it has no such one."""
    if name not in inspect(model).mapper.all_orm_descriptors or name in inspect(model).mapper.relationships:
        raise LookupError(f"{name!r}, which is no attribute of {inspect(model).mapper.class_.__name__}")
    found: SQLColumnExpression[Any] = getattr(model, name)
    return found


Source = FromBatch | FromSearch


def check_sources(
    where: str, sources: Any, header: type[Batch], row: type[BatchRow], rules: Mapping[str, Any]
) -> None:
    """Raise ``ConfigurationError`` for ``sources`` of a type with the models ``header`` and ``row`` that could not work.

    Columns of other types are checked once all are registered, see :meth:`FromBatch.refuse_unknown`. ``rules`` are those of
    what each source declares.
    """
    names: list[str] = []
    for at, source in enumerate(sources):
        one = f"{where}[{at}]"
        refuse_wrong(one, {name: getattr(source, name) for name in ("columns", "header", "adds")}, rules)
        if isinstance(source, FromSearch):
            source.refuse_unknown(one)
        if source.name in names:
            raise ConfigurationError(f"{where} has two sources of the same rows: merge their columns.")
        names.append(source.name)
        _refuse_unknown(f"{one}.columns", row, source.columns.values())
        _refuse_unaddable(f"{one}.adds", row, source)
        _refuse_unknown(f"{one}.header", header, source.header.values())


def _refuse_unaddable(where: str, row: type[BatchRow], source: Source) -> None:
    for name in source.adds or ():
        if name not in source.columns.values():
            raise ConfigurationError(f"{where} names {name!r}, which none of its columns fills.")
        column = None if issubclass(row, DynamicRow) else inspect(row).column_attrs[name].columns[0]
        if column is not None and not isinstance(column.type, Integer | ExactDecimal):
            raise ConfigurationError(
                f"{where} names {name!r}, and {row.__name__}.{name} is no column of numbers."
            )


def _refuse_unknown(where: str, model: type[Any], names: Iterable[str]) -> None:
    if issubclass(model, DynamicRow):
        return  # Its columns are those of the batch.
    for name in names:
        if name not in inspect(model).column_attrs:
            raise ConfigurationError(f"{where} fills {name!r}, which is no column of {model.__name__}.")
