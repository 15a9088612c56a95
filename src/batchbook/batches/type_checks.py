"""Checks of a batch type's classes and columns at start-up: a mistake is told in one line, with class and cure."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pyramid.exceptions import ConfigurationError
from sqlalchemy import Date, DateTime, Integer, Numeric, inspect
from sqlalchemy.orm import Mapper

from batchbook.batches.handler import BatchHandler
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.policies.field_access import identifying_columns
from batchbook.batches.policies.field_rules import refuse_unrestrictable
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.rows.scope import RESERVED, table_of
from batchbook.batches.sources.declaration import FromBatch
from batchbook.db import ExactDecimal, why_not_stored
from batchbook.declarations import is_text, shown
from batchbook.errors import BadInput
from batchbook.grid import CellError, Column, columns_of, parser_for, to_text

# --- The classes -----------------------------------------------------------------------------------------------------


def check_class(key: str, what: str, found: Any, base: type[Any]) -> None:
    """Raise ``ConfigurationError`` unless ``found``, the ``what`` of a type, is a concrete subclass of ``base``."""
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ConfigurationError(f"The {what} of batch type {key!r}, {found!r}, is no {base.__name__}.")
    abstract = sorted(getattr(found, "__abstractmethods__", ()))
    if abstract:
        raise ConfigurationError(
            f"The {what} of batch type {key!r} does not say how to {', '.join(abstract)}."
        )


def check_parameters(
    key: str, handler: type[BatchHandler[Any, Any]], header: type[Batch], row: type[BatchRow]
) -> None:
    """Refuse a handler that does not name the models that it works on, or names others."""
    found = _parameters(handler)
    named = [one for one in found if isinstance(one, type)]
    fits = len(found) == 2 and all(
        one is Any or not isinstance(one, type) or issubclass(model, one)
        for one, model in zip(found, (header, row), strict=True)
    )
    if not fits:
        given = f"BatchHandler[{', '.join(one.__name__ for one in named)}]" if named else "BatchHandler alone"
        raise ConfigurationError(
            f"The handler of batch type {key!r}, {handler.__name__}, is made from {given}: it must be made from"
            f" BatchHandler[{header.__name__}, {row.__name__}], the models of its batches and of their rows."
        )


def _parameters(handler: type[Any]) -> tuple[Any, ...]:
    """Return the models that ``handler``, or the handler that it is made from, gives to ``BatchHandler``."""
    for owner in handler.__mro__:
        for base in vars(owner).get("__orig_bases__", ()):
            if owner is not BatchHandler and isinstance(get_origin(base), type):
                return get_args(base)
    return ()


def check_field_rules(batch_type: BatchType) -> None:
    """Raise ``ConfigurationError`` if the policy that a type declares hides a column by which rows are known."""
    try:
        refuse_unrestrictable(
            batch_type.handler.execution_policy.policy.fields, identifying_columns(batch_type)
        )
    except BadInput as error:
        raise ConfigurationError(
            f"{batch_type.handler.__name__}.execution_policy cannot be applied. {error.message}"
        ) from None


def check_other_types(batch_type: BatchType, types: BatchTypes) -> None:
    """Raise ``ConfigurationError`` for a source of a type that names columns which the other one of ``types`` does not have."""
    known = {one.key: one for one in types}
    for at, source in enumerate(batch_type.handler.sources):
        if isinstance(source, FromBatch) and source.batch_type in known:
            other = known[source.batch_type]
            source.refuse_unknown(f"{batch_type.handler.__name__}.sources[{at}]", other.header, other.row)


def check_records(batch_type: BatchType) -> None:
    for record in batch_type.records:
        mapper = inspect(record, raiseerr=False)
        if not isinstance(mapper, Mapper) or "batch_id" not in table_of(record).columns:
            raise ConfigurationError(
                f"The record {record!r} of batch type {batch_type.key!r} must be a model whose table has the column"
                " batch_id, which names the batch that wrote a row."
            )


# --- The columns -----------------------------------------------------------------------------------------------------


def check_columns(key: str, header: type[Batch], row: type[BatchRow]) -> None:
    """Refuse columns of the type's own tables that could not be stored, edited or checked as they are declared."""
    _check_names(key, row)
    _check_defaults(key, row)
    models: tuple[type[Any], ...] = (header, row)
    for model in models:
        for column in table_of(model).columns:
            name = f"{model.__name__}.{column.name}"
            _check_type(name, column.type)
            _check_rules(name, model, column)


def _check_names(key: str, row: type[BatchRow]) -> None:
    """Refuse column names that are attributes of row objects, whose columns are attributes, too."""
    for column in table_of(row).columns:
        if column.name in RESERVED:
            raise ConfigurationError(
                f"A column of the rows of batch type {key!r} cannot be called {column.name!r}: row objects have another"
                " attribute with that name."
            )


def _check_defaults(key: str, row: type[BatchRow]) -> None:
    """Refuse defaults that are no plain values: rows are written in bulk, so the values must be known in Python."""
    for column in table_of(row).columns:
        default: Any = column.default
        plain = default is not None and default.is_scalar
        if not plain and (default is not None or column.server_default is not None):
            raise ConfigurationError(
                f"The column {column.name!r} of the rows of batch type {key!r} has a default that is no plain value:"
                " give it default=… with one (beside server_default, if it has that), or yield it with each row."
            )


def _check_type(name: str, column_type: Any) -> None:
    """Refuse types that the databases do not store alike."""
    if type(column_type) is Numeric:
        scale = 2 if column_type.scale is None else column_type.scale
        raise ConfigurationError(
            f"The column {name} is a Numeric, which SQLite stores inexactly: give it the type"
            f" ExactDecimal({column_type.precision or 12}, {scale}), from batchbook.db."
        )
    if isinstance(column_type, DateTime):
        raise ConfigurationError(
            f"The column {name} is a DateTime, which has no time zone: give it the type UTCDateTime, from batchbook.db."
        )


def _check_rules(name: str, model: type[Any], column: Any) -> None:
    """Refuse a rule for people that does not fit the column, and a default that the column or its own rules refuse."""
    attribute = inspect(model).get_property_by_column(column).key
    rules = {rule: column.info[rule] for rule in ("minimum", "maximum") if column.info.get(rule) is not None}
    if is_text(column.info.get("choices")):
        raise ConfigurationError(
            f"The column {name} has the choices {shown(column.info['choices'])}, a text: give it a tuple or an enum of them."
        )
    default = column.default.arg if column.default is not None and column.default.is_scalar else None
    if not rules and default is None:
        return
    if rules and not isinstance(column.type, (Integer, ExactDecimal, Date)):
        raise ConfigurationError(
            f"The column {name} has a {next(iter(rules))}, which only numbers and dates can have: leave it out."
        )
    for rule, value in (*rules.items(), ("default", default)):
        wanted = why_not_stored(column.type, value)
        if wanted is not None:
            raise ConfigurationError(
                f"The {rule} of the column {name} must be {wanted}, and is {shown(value)}."
            )
    if default is not None and column.info.get("editable") and default != "":
        _check_default(name, columns_of(model, (attribute,))[0], default)


def _check_default(name: str, column: Column, default: Any) -> None:
    try:
        parser_for(column)(to_text(column, default))
    except CellError as error:
        raise ConfigurationError(
            f"The column {name} has the default {shown(default)}, which people could not enter: {error}"
        ) from error
