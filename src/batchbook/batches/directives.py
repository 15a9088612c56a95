"""The directive ``config.add_batch_type``, which checks a batch type at start-up and registers it with its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyramid.config import PHASE3_CONFIG
from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from batchbook.batches.engine.execution_check import check_limits
from batchbook.batches.handler import CONFIRM, BatchHandler, Duplicates
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.registry import (
    BatchType,
    BatchTypes,
    handler_setting,
    refuse_unknown_handlers,
    swapped_handler,
)
from batchbook.batches.rows.per_batch import DynamicRow, OwnTables, made_at_run_time
from batchbook.batches.rows.scope import RESERVED, table_of
from batchbook.batches.rows.storage import RowTables, SharedTable
from batchbook.batches.running.action_tasks import TASKS, recover_batches
from batchbook.batches.running.runner import InlineRunner, JobRunner, Runner
from batchbook.grid import columns_of, label_of
from batchbook.jobs import JobService
from batchbook.services import Services, services_of


def add_batch_type(
    config: Any,
    header: type[Batch],
    *,
    handler: type[BatchHandler[Any, Any]],
    view: type[Any] | str,
    records: Sequence[type[Any]] = (),
    services: Mapping[str, Any] | None = None,
) -> None:
    """Register the batch type of the model ``header`` with its handler and its view class.

    The row model is the one whose ``__batch__`` is ``header``. Two types with the same key conflict. The setting
    ``batchbook.handler.<key>`` replaces the handler by the class that it names. ``records`` are the models of the tables
    in which executions record their effects, and which :func:`~batchbook.batches.append_only` guards. ``services`` are
    objects that handlers of the type work with besides the database, by name. The introspector lists types in the
    category ``batch types``. Raises ``ConfigurationError`` if the parts do not fit together.
    """
    header, handler = config.maybe_dotted(header), config.maybe_dotted(handler)
    batch_type = replace(
        _batch_type(header, handler, view, config.registry.settings),
        records=tuple(map(config.maybe_dotted, records)),
        services=dict(services or {}),
    )
    _check_records(batch_type)
    introspectable = config.introspectable("batch types", batch_type.key, batch_type.title, "batch type")
    introspectable.update(
        {"header": header, "row": batch_type.row, "handler": batch_type.handler, "view": view}
    )
    config.action(
        ("batch type", batch_type.key),
        lambda: services_of(config.registry).get(BatchTypes).add(batch_type),
        introspectables=(introspectable,),
    )
    config.add_batch_pages(batch_type)


def _batch_type(header: type[Batch], handler: Any, view: Any, settings: Any) -> BatchType:
    if not (isinstance(header, type) and issubclass(header, Batch) and header is not Batch):
        raise ConfigurationError(f"{header!r} is no batch header: it must be a subclass of Batch.")
    key = inspect(header).polymorphic_identity
    if not key:
        raise ConfigurationError(f"{header.__name__} has no table of its own: give it a __tablename__.")
    handler = _swapped(key, handler, settings)
    check_class(key, "handler", handler, BatchHandler)
    rows = _rows_of(header)
    _check_names(key, rows.declared)
    _check_defaults(key, rows.declared)
    _check_handler(key, handler, header, rows.declared)
    title = getattr(header, "__title__", None) or label_of(key)
    return BatchType(
        key, header, rows, handler, view, title, getattr(header, "__title_plural__", f"{title}s")
    )


def _check_records(batch_type: BatchType) -> None:
    for record in batch_type.records:
        mapper = inspect(record, raiseerr=False)
        if not isinstance(mapper, Mapper) or "batch_id" not in table_of(record).columns:
            raise ConfigurationError(
                f"The record {record!r} of batch type {batch_type.key!r} must be a model whose table has the column"
                " batch_id, which names the batch that wrote a row."
            )


def _swapped(key: str, handler: Any, settings: Any) -> Any:
    name = swapped_handler(settings, key)
    if name is None:
        return handler
    try:
        return DottedNameResolver().resolve(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"The setting {handler_setting(key)} names {name!r}, which is not there."
        ) from error


def check_class(key: str, what: str, found: Any, base: type[Any]) -> None:
    """Raise ``ConfigurationError`` unless ``found``, the ``what`` of a type, is a concrete subclass of ``base``."""
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ConfigurationError(f"The {what} of batch type {key!r}, {found!r}, is no {base.__name__}.")
    abstract = sorted(getattr(found, "__abstractmethods__", ()))
    if abstract:
        raise ConfigurationError(
            f"The {what} of batch type {key!r} does not say how to {', '.join(abstract)}."
        )


def _rows_of(header: type[Batch]) -> RowTables:
    found = [
        row
        for row in _subclasses(BatchRow)
        if getattr(row, "__batch__", None) is header and not made_at_run_time(row)
    ]
    if len(found) != 1:
        raise ConfigurationError(
            f"{header.__name__} needs one row model whose __batch__ names it, and has {len(found)}."
        )
    (row,) = found
    return OwnTables(row) if issubclass(row, DynamicRow) else SharedTable(row)


def _subclasses(model: type[Any]) -> list[type[Any]]:
    return [sub for child in model.__subclasses__() for sub in (child, *_subclasses(child))]


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


def _check_names(key: str, row: type[BatchRow]) -> None:
    """Refuse column names that are attributes of row objects, whose columns are attributes, too."""
    for column in table_of(row).columns:
        if column.name in RESERVED:
            raise ConfigurationError(
                f"A column of the rows of batch type {key!r} cannot be called {column.name!r}: row objects have another"
                " attribute with that name."
            )


def _check_handler(
    key: str, handler: type[BatchHandler[Any, Any]], header: type[Batch], row: type[BatchRow]
) -> None:
    try:
        columns_of(row, handler.peer_columns)
        if handler.file_source is not None:
            handler.file_source.check(header, row)
        if handler.matching is not None:
            handler.matching.check(header, row)
        columns_of(header, handler.refresh_after)
        if handler.duplicates is not None:
            _check_duplicates(handler.duplicates, handler, row)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"The handler of batch type {key!r} cannot work: {error}") from error
    options = handler.execution_policy.options
    if options is not None and any(field.name == CONFIRM for field in options.fields):
        raise ConfigurationError(
            f"An option of the batch type {key!r} cannot be called {CONFIRM!r}, which confirms warnings."
        )
    if handler.execution_policy.defaults and handler.execution_policy.options is None:
        raise ConfigurationError(
            f"The handler of batch type {key!r} has defaults for options that it does not have."
        )


def _check_duplicates(
    duplicates: Duplicates, handler: type[BatchHandler[Any, Any]], row: type[BatchRow]
) -> None:
    """Raise ``ValueError`` where ``duplicates`` names a column or a status that is not there."""
    number = duplicates.number
    key = () if callable(duplicates.key) else duplicates.key
    columns_of(row, (*key, *([number] if isinstance(number, str) else ())))
    known = {status.value for status in handler.statuses or ()}
    for status in (duplicates.status, *duplicates.also):
        if str(status) not in known:
            raise ValueError(f"its duplicates have the status {str(status)!r}, which it does not declare")


def includeme(config: Any) -> None:
    """Add the runner of actions, the job tasks that perform them, and the directive ``config.add_batch_type``."""
    types = BatchTypes()
    services = services_of(config.registry)
    services.add(BatchTypes, types)
    services.add(Runner, _runner(types, services))
    for task in TASKS:
        config.add_job_task(task)
    services.get(JobService).upkeep.append(recover_batches)
    config.add_directive("add_batch_type", add_batch_type)
    config.action(
        "batch handlers",
        lambda: _check_settings(config.registry.settings, types),
        order=PHASE3_CONFIG + 1,  # Types register themselves in that phase.
    )


def _check_settings(settings: Mapping[str, Any], types: BatchTypes) -> None:
    refuse_unknown_handlers(settings, types)
    check_limits(settings, [batch_type.key for batch_type in types])


def _runner(types: BatchTypes, services: Services) -> Runner:
    jobs = services.get(JobService)
    if jobs.in_background:
        return JobRunner(types, services.settings, jobs)
    return InlineRunner(types, services.settings)
