"""Effects of executed batches: each record that an execution changed, with its values before and after."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    Engine,
    Row,
    Select,
    String,
    Text,
    TypeDecorator,
    and_,
    func,
    select,
    type_coerce,
)

from batchbook.audit.executed_batches import EXECUTED, AuditContext
from batchbook.batches import access
from batchbook.batches.effects.models import BETWEEN_PARTS, CREATED, DELETED, UPDATED, BatchEffect
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, Operation, number_in_sql
from batchbook.batches.policies.field_access import types_seen_whole
from batchbook.batches.registry import BatchTypes
from batchbook.db.transactions import transaction_scope
from batchbook.grid import Choice, Column, Kind, Sort, Verb, label_of
from batchbook.master import GRID_PAGES, Index, MasterView
from batchbook.security.identity import Identity
from batchbook.services import Services
from batchbook.web.request import Request


class EffectValues(TypeDecorator[str]):
    """The values of a record before or after, stored as a JSON object, as a text: each field with its value."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002 - The hook's own.
        """Return the text, such as “Price 2.00, On hand 3”; a field without a value has a dash."""
        if value is None:
            return None
        return ", ".join(f"{label_of(name)} {_text(found)}" for name, found in json.loads(value).items())


class RecordsName(TypeDecorator[str]):
    """The name of a kind of records, such as “product”, which people read and may type as “Product”."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002 - The hook's own.
        """Return the stored name."""
        return None if value is None else value.lower().replace(" ", "_")

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002 - The hook's own.
        """Return the name as people read it."""
        return None if value is None else label_of(value)


def _text(value: Any) -> str:
    if value is None or value == "":
        return "\N{EN DASH}"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


#: The reason that was given for the execution.
_REASON = (
    select(Operation.reason)
    .where(Operation.batch_id == BatchEffect.batch_id, Operation.kind == Action.EXECUTE.value)
    .correlate(BatchEffect)
    .limit(1)
    .scalar_subquery()
)


def batch_path(request: Request, effect: Row[Any]) -> str:
    """Return the address of the batch that had ``effect``."""
    path: str = request.route_path("batches.find", number=f"{effect._mapping['batch_id']:08d}")
    return path


def row_path(request: Request, effect: Row[Any]) -> str | None:
    """Return the address of the row that had ``effect``; ``None`` for one without a row."""
    found = effect._mapping
    if not found["sequence"]:
        return None
    number, query = f"{found['batch_id']:08d}", {"row": found["sequence"]}
    path: str = request.route_path("batches.find", number=number, _query=query)
    return path


def effects_url(request: Request, record: Any) -> str:
    """Return the address of what executed batches changed in ``record``; empty for who may see none."""
    if not EffectsView(request).may("view"):
        return ""
    query = [
        (f"f.target.{Verb.EQUAL}", record.__table__.name),
        (f"f.record_id.{Verb.EQUAL}", record.id),
    ]
    url: str = request.route_path("audit-effects.index", _query=query)
    return url


class EffectsView(MasterView):
    """The effects of all executed batches that this person may see: which record, by which row, from what to what."""

    types: ClassVar[BatchTypes]
    model = BatchEffect
    prefix = "audit-effects"
    path = "/audit/effects"
    title = "Changed records"
    title_one = "changed record"
    title_many = "changed records"
    description = "Each record that an executed batch changed, with its values before and after, as they were read in the same transaction."
    lookup = "number"
    grid_columns = (
        Column(
            "batch", "Batch", number_in_sql(BatchEffect.batch_id), Kind.TEXT, filterable=False, link="batch"
        ),
        Column("sequence", "Row", BatchEffect.sequence, Kind.INTEGER, link="row"),
        Column("target", "Records", type_coerce(BatchEffect.target, RecordsName()), Kind.TEXT),
        Column("record", "Key", func.replace(BatchEffect.record_key, BETWEEN_PARTS, " "), Kind.TEXT),
        Column(
            "kind",
            "Effect",
            BatchEffect.kind,
            Kind.CHOICE,
            choices=tuple(Choice(kind, kind.capitalize()) for kind in (CREATED, UPDATED, DELETED)),
        ),
        Column(
            "before", "Before", type_coerce(BatchEffect.before, EffectValues()), Kind.TEXT, sortable=False
        ),
        Column("after", "After", type_coerce(BatchEffect.after, EffectValues()), Kind.TEXT, sortable=False),
        Column("executed_by", "Executed by", Batch.executed_by, Kind.USER),
        Column("executed_at", "Executed", Batch.executed_at, Kind.DATETIME, seconds=True),
        Column("reason", "Reason", _REASON, Kind.TEXT, sortable=False, filterable=False),
    )
    filter_columns = (
        # Compared as numbers, which indexes serve.
        Column("batch_id", "Batch number", BatchEffect.batch_id, Kind.INTEGER),
        Column("record_id", "Internal number of the record", BatchEffect.record_id, Kind.INTEGER),
    )
    default_sort: ClassVar = (Sort("batch_id", descending=True),)
    pages = (Index, *GRID_PAGES)
    carried = ("batch_id",)
    links: ClassVar = {"batch": batch_path, "row": row_path}
    context_factory = AuditContext

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the columns, with the types by their titles to filter by."""
        choices = tuple(Choice(one.key, one.title) for one in cls.types)
        kind_of_batch = Column("type", "Type of the batch", Batch.type, Kind.CHOICE, choices=choices)
        return (*cls.grid_columns, kind_of_batch, *cls.filter_columns)

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return the effects with their batches."""
        return select(BatchEffect).join(Batch, Batch.id == BatchEffect.batch_id)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool]:
        """Return the condition for the effects of executed batches that ``identity`` may see."""
        types = services.get(BatchTypes)
        with transaction_scope(services.get(Engine), read_only=True) as session:
            whole = types_seen_whole(session, types, identity.name)
        return and_(EXECUTED, access.visible(identity.permissions, types), Batch.type.in_(whole))
