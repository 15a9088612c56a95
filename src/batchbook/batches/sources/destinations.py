"""Types of which an execution makes a batch, because they declare that they are made of the rows that it executes.

People make batches of rows by a form, in which they fill in what the new header lacks. An execution has no form: it offers the
types whose headers lack nothing, and asks the handler of the chosen one beforehand whether it would agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from batchbook.batches import access
from batchbook.batches.editing.field_changes import editable_columns
from batchbook.batches.engine.copying import new_header_values
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.hook_guard import telling_failure
from batchbook.batches.models import Batch
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.registry import BatchType
from batchbook.batches.sources.choosing import source_of
from batchbook.batches.sources.chosen_rows import ChosenRows
from batchbook.batches.sources.declaration import FromBatch
from batchbook.db.base import scalar_defaults
from batchbook.errors import BadInput, BatchbookError
from batchbook.grid import Column


def types_made_by_execution(
    types: Iterable[BatchType], key: str, permissions: Set[str] | None = None
) -> list[BatchType]:
    """Return those of ``types`` of which the execution of a batch of the type ``key`` can make one, in their order.

    They declare a :class:`FromBatch` of that type, and whatever their headers cannot do without comes from its header. With
    ``permissions``, only those are returned that these allow to create.
    """
    found = ((one, source_of(one, key)) for one in types)
    return [
        one
        for one, source in found
        if source is not None
        and {column.name for column in _required(one)} <= {*source.header.values()}
        and (permissions is None or access.may_create(permissions, one.key))
    ]


def why_not_made(context: HandlerContext, key: str, batch: Batch) -> str | None:
    """Return a sentence that says why no batch of the type ``key`` can be made of rows of ``batch``; ``None`` if one can.

    The header that it would get lacks something, or the handler of that type refuses it.
    """
    try:
        batch_type = context.types[key]
        chosen = ChosenRows(demanded_source(batch_type, batch), (), {}, batch)
        new_header(context, batch_type, chosen, {})
    except BatchbookError as error:
        return error.message
    return None


def demanded_source(batch_type: BatchType, batch: Batch) -> FromBatch:
    """Return the source by which batches of ``batch_type`` are made of rows of ``batch``; raise ``BadInput`` without one."""
    source = source_of(batch_type, batch.type)
    if source is None:
        raise BadInput(f"No {batch_type.title.lower()} can be made of rows of {str(batch).lower()}.")
    return source


def new_header(
    context: HandlerContext, batch_type: BatchType, chosen: ChosenRows, values: Mapping[str, Any]
) -> Batch:
    """Return the header of a batch of the ``chosen`` rows, which the handler of its type has checked, not stored yet.

    It has the given ``values``, what it takes from the other batch, and defaults. Raises ``BadInput`` where it lacks what it
    cannot do without, and whatever the handler's ``before_create`` raises.
    """
    defaults = scalar_defaults(batch_type.header.__mapper__.columns)
    taken = chosen.header_values(values)
    header: Batch = batch_type.header(**defaults | new_header_values(context.actor) | taken | dict(values))
    for column in _required(batch_type):
        if getattr(header, column.name) in (None, ""):
            raise BadInput(
                f"{column.label} is missing, which a batch of the type {batch_type.title} needs. Enter it in the header."
            )
    handler = batch_type.make_rowless_handler(context)
    with telling_failure(f"No batch of the type {batch_type.title} was created"):
        handler.before_create(header, has_file=False)
    return header


def _required(batch_type: BatchType) -> Sequence[Column]:
    """Return the columns of the header of ``batch_type`` that people have to fill in."""
    preset = scalar_defaults(batch_type.header.__mapper__.columns)
    columns = editable_columns(batch_type.header, EVERYTHING, new=True)
    return [column for column in columns if column.required and column.name not in preset]
