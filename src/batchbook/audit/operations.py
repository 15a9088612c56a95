"""Operations of executed batches: what was done, by whom and why, with filters by person, period, kind and batch."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Engine, Select, and_, select

from batchbook.audit.executed_batches import EXECUTED, AuditContext
from batchbook.batches import access
from batchbook.batches.history import KINDS
from batchbook.batches.models import Batch, Operation, number_in_sql
from batchbook.batches.pages.lists import batch_url
from batchbook.batches.policies.field_access import readable_operations
from batchbook.batches.registry import BatchTypes
from batchbook.db.transactions import transaction_scope
from batchbook.grid import Choice, Column, Kind, Sort, choices_of, columns_of
from batchbook.master import GRID_PAGES, Index, MasterView
from batchbook.security.identity import Identity
from batchbook.services import Services

_AT = Column("at", "When", Operation.at, Kind.DATETIME, seconds=True)
_BATCH = Column("batch", "Batch", number_in_sql(Operation.batch_id), Kind.TEXT, link="batch")
_TYPE = Column("type", "Type", Batch.type, Kind.TEXT)


class OperationsView(MasterView):
    """The operations of all executed batches that this person may see: who did what, when and why."""

    types: ClassVar[BatchTypes]
    model = Operation
    prefix = "audit-operations"
    path = "/audit/operations"
    title = "Operations"
    title_one = "operation"
    description = "What was done with executed batches, newest first. Filter by person and by period."
    lookup = "number"
    grid_columns = (
        _BATCH,
        _TYPE,
        _AT,
        Column("actor", "Person", Operation.actor, Kind.USER),
        Column("kind", "Kind", Operation.kind, Kind.CHOICE, choices=choices_of(KINDS.items())),
        Column("summary", "What", Operation.summary, Kind.TEXT),
        Column("reason", "Reason", Operation.reason, Kind.TEXT),
        Column("cells", "Cells", Operation.cells, Kind.INTEGER),
        Column("acted_by", "By way of", Operation.acted_by, Kind.TEXT),
    )
    default_sort: ClassVar = (Sort("at", descending=True),)
    pages = (Index, *GRID_PAGES)
    links: ClassVar = {
        "batch": lambda request, row: batch_url(request, row._mapping["type"], row._mapping["batch_id"])
    }
    context_factory = AuditContext

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the columns, with the types by their titles."""
        choices = tuple(Choice(one.key, one.title) for one in cls.types)
        named = Column("type", "Type", Batch.type, Kind.CHOICE, choices=choices)
        columns = tuple(named if one is _TYPE else one for one in cls.grid_columns)
        return columns_of(cls.model, columns)

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return the operations with their batches."""
        return select(Operation).join(Batch, Batch.id == Operation.batch_id)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool]:
        """Return the condition for the operations on executed batches that ``identity`` may see."""
        types = services.get(BatchTypes)
        with transaction_scope(services.get(Engine), read_only=True) as session:
            readable = readable_operations(session, types, identity.name)
        return and_(EXECUTED, access.visible(identity.permissions, types), readable)
