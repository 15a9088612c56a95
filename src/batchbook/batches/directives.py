"""The directive ``config.add_batch_type``, which checks a batch type at start-up and registers it with its pages."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyramid.config import PHASE1_CONFIG, PHASE3_CONFIG
from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver
from sqlalchemy import inspect

from batchbook.batches.handler import BatchHandler
from batchbook.batches.handler_checks import check_handler, check_row_tables
from batchbook.batches.models import Batch
from batchbook.batches.policies.limits import check_limits
from batchbook.batches.registry import (
    BatchType,
    BatchTypes,
    handler_setting,
    refuse_unknown_handlers,
    swapped_handler,
)
from batchbook.batches.retention.purge import purge_by_schedule
from batchbook.batches.rows.per_batch import row_model_of, storage_of
from batchbook.batches.running.action_tasks import TASKS, recover_batches
from batchbook.batches.running.dry_run import TASK as DRY_RUN
from batchbook.batches.running.runner import InlineRunner, JobRunner, Runner
from batchbook.batches.scans import EMBEDDED, read_layouts
from batchbook.batches.type_checks import (
    check_class,
    check_columns,
    check_field_rules,
    check_other_types,
    check_parameters,
    check_records,
)
from batchbook.declarations import (
    instance_of,
    mapping_of,
    or_none,
    refuse_misspelt,
    refuse_wrong,
    sequence_of,
)
from batchbook.grid import label_of
from batchbook.jobs import JobService
from batchbook.security.presence import remove_expired
from batchbook.services import Services, services_of
from batchbook.words import plural

_ARGUMENTS = {
    "records": sequence_of((type, str), "a tuple of models, or of their dotted names"),
    "services": or_none(mapping_of(str, lambda _value: True, "a mapping of names to objects")),
}


def add_batch_type(
    config: Any,
    header: type[Batch],
    *,
    handler: type[BatchHandler[Any, Any]],
    view: type[Any] | str = "batchbook.batches.BatchMasterView",
    records: Sequence[type[Any]] = (),
    services: Mapping[str, Any] | None = None,
) -> None:
    """Register the batch type of the model ``header`` with its handler and its view class, by default one that shows all columns.

    The row model is the one whose ``__batch__`` is ``header``. Two types with the same key conflict. The setting
    ``batchbook.handler.<key>`` replaces the handler by the class that it names. ``records`` are the models of the tables
    in which executions record their effects, and which :func:`~batchbook.batches.append_only` guards. ``services`` are
    objects that handlers of the type work with besides the database, by name. The introspector lists types in the
    category ``batch types``. Raises ``ConfigurationError`` if the parts do not fit together.
    """
    refuse_wrong("add_batch_type", {"records": records, "services": services}, _ARGUMENTS)
    header, handler = resolved(config, "header", header), resolved(config, "handler", handler)
    batch_type = replace(
        _batch_type(header, handler, view, config.registry.settings),
        records=tuple(resolved(config, "record", record) for record in records),
        services=dict(services or {}),
    )
    check_records(batch_type)
    check_field_rules(batch_type)
    introspectable = config.introspectable("batch types", batch_type.key, batch_type.title, "batch type")
    introspectable.update(
        {"header": header, "row": batch_type.row, "handler": batch_type.handler, "view": view}
    )
    config.action(
        ("batch type", batch_type.key),
        lambda: services_of(config.registry).get(BatchTypes).add(batch_type),
        introspectables=(introspectable,),
        order=PHASE1_CONFIG,  # Before its addresses: if it is registered twice, that is said of the type.
    )
    config.add_batch_pages(batch_type)


def resolved(config: Any, what: str, found: Any) -> Any:
    """Return ``found``, the ``what`` of a batch type, or what it names; raise ``ConfigurationError`` if that is not there."""
    if not isinstance(found, str):
        return found
    try:
        return config.maybe_dotted(found)
    except ModuleNotFoundError as error:
        if not found.replace(":", ".").startswith(error.name or found):
            raise  # It is there, but imports another module that is not.
        module, _, name = (error.name or "").rpartition(".")
        reason = f"{module} has no {name}" if module in sys.modules else f"there is no module {error.name}"
    except (ImportError, AttributeError, ValueError) as error:
        if getattr(error, "name", None) is not None and isinstance(error, ImportError):
            raise  # Likewise: what it imports lacks a name.
        reason = str(error)
    raise ConfigurationError(
        f"The {what} {found!r} of a batch type is not there: {reason}. Write it like acme.counts:CountHandler."
    )


_TITLES = dict.fromkeys(
    ("__title__", "__title_plural__", "__description__"), or_none(instance_of(str, "a text"))
)


def _batch_type(header: type[Batch], handler: Any, view: Any, settings: Any) -> BatchType:
    if not (isinstance(header, type) and issubclass(header, Batch) and header is not Batch):
        raise ConfigurationError(f"{header!r} is no batch header: it must be a subclass of Batch.")
    key = inspect(header).polymorphic_identity
    if not key:
        raise ConfigurationError(f"{header.__name__} has no table of its own: give it a __tablename__.")
    handler = _swapped(key, handler, settings)
    check_class(key, "handler", handler, BatchHandler)
    refuse_misspelt(f"The handler of batch type {key!r}", handler, BatchHandler)
    model, rows = row_model_of(header), storage_of(header)
    check_columns(key, header, rows.declared)
    check_parameters(key, handler, header, model)
    check_row_tables(handler, model)
    check_handler(handler, header, rows.declared)
    titles = {one: getattr(header, one, None) for one in _TITLES}
    refuse_wrong(header.__name__, titles, _TITLES)
    title = titles["__title__"] or label_of(key)
    several = titles["__title_plural__"] or plural(title)
    return BatchType(key, header, rows, handler, view, title, several)


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


def includeme(config: Any) -> None:
    """Add the runner of actions, the job tasks that perform them, and the directive ``config.add_batch_type``."""
    types = BatchTypes()
    services = services_of(config.registry)
    services.add(BatchTypes, types)
    services.add(Runner, _runner(types, services))
    for task in (*TASKS, DRY_RUN):
        config.add_job_task(task)
    services.get(JobService).upkeep.extend((recover_batches, remove_expired, purge_by_schedule))
    config.add_directive("add_batch_type", add_batch_type)
    config.action(
        "batch handlers",
        lambda: _check_settings(config.registry.settings, types),
        order=PHASE3_CONFIG + 1,  # Types have registered themselves by then.
    )


def _check_settings(settings: Mapping[str, Any], types: BatchTypes) -> None:
    refuse_unknown_handlers(settings, types)
    check_limits(settings, [batch_type.key for batch_type in types])
    read_layouts(EMBEDDED.text(settings))
    for batch_type in types:
        check_other_types(batch_type, types)


def _runner(types: BatchTypes, services: Services) -> Runner:
    jobs = services.get(JobService)
    if jobs.in_background:
        return JobRunner(types, services.settings, jobs)
    return InlineRunner(types, services.settings)
