"""The auditors' start page: the executed batches of all types, with filters, exports and packs of those that match."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.audit.pack_pages import PackSelection
from batchbook.batches import access
from batchbook.batches.lifecycle import FINAL, State
from batchbook.batches.models import Batch, Operation
from batchbook.batches.pages import view
from batchbook.batches.pages.lists import batch_url
from batchbook.batches.registry import BatchTypes
from batchbook.batches.seal.models import Seal
from batchbook.errors import BatchbookError, Refused
from batchbook.grid import Choice, Column, Kind, Sort, Verb
from batchbook.master import GRID_PAGES, Index, MasterContext, MasterView
from batchbook.security.identity import Identity
from batchbook.services import Services

#: The condition for the batches that were executed.
EXECUTED = Batch.state.in_(FINAL)


class AuditContext(MasterContext):
    """The context of the auditors' pages: for everybody who may see executed batches of a type."""

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:  # noqa: ARG002 - All of it is reading.
        """Refuse those who may see no executed batches."""
        types = self.view.request.services.get(BatchTypes)
        sees = any(access.may_see(identity.permissions, one.key, State.EXECUTED) for one in types)
        return None if sees else Refused()


def _count_of(counted: InstrumentedAttribute[int]) -> ColumnElement[int]:
    """Return the number of cells that people changed in a batch, by the ``counted`` column of its operations."""
    total = select(func.coalesce(func.sum(counted), 0)).where(Operation.batch_id == Batch.id)
    return total.correlate(Batch).scalar_subquery()


def _acted(name: str) -> ColumnElement[bool]:
    """Return the condition for the batches in whose history somebody is called ``name``."""
    return (
        select(Operation.batch_id)
        .where(Operation.batch_id == Batch.id, func.lower(Operation.actor) == name.strip().lower())
        .correlate(Batch)
        .exists()
    )


_SEAL = Column("seal", "Seal", Seal.number, Kind.INTEGER)
_CHANGED = Column("changed_cells", "Cells changed", _count_of(Operation.cells), Kind.INTEGER)
_PERSON = Column(
    "person", "Person in the history", Batch.created_by, Kind.TEXT, conditions={Verb.EQUAL: _acted}
)


class ExecutedBatchesView(MasterView):
    """The executed batches of all types that this person may see. Nothing on the page changes anything."""

    types: ClassVar[BatchTypes]
    model = Batch
    prefix = "audit"
    path = "/audit"
    title = "Audit"
    title_one = "executed batch"
    title_many = "executed batches"
    description = (
        "Executed batches of all types, newest first: what they changed, who did it, and the proof of it."
    )
    grid_columns = (
        view.NUMBER,
        view.DESCRIPTION,
        view.ROWS,
        _CHANGED,
        view.CREATED_BY,
        view.EXECUTED_BY,
        view.EXECUTED_AT,
        _SEAL,
    )
    filter_columns = (_PERSON,)
    default_sort: ClassVar = (Sort("executed_at", descending=True),)
    pages = (Index, *GRID_PAGES, PackSelection)
    carried = ("type",)
    links: ClassVar = {
        "batch": lambda request, row: batch_url(request, row._mapping["type"], row._mapping["id"])
    }
    context_factory = AuditContext
    templates: ClassVar = {"index": "batchbook.templates:audit/index.jinja2"}

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the columns of the list, with the types by their titles, and those to filter by."""
        choices = tuple(Choice(one.key, one.title) for one in cls.types)
        kind_of_batch = Column("type", "Type", Batch.type, Kind.CHOICE, choices=choices)
        return (replace(view.NUMBER, link="batch"), kind_of_batch, *cls.grid_columns[1:], *cls.filter_columns)

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return the batches with their seals."""
        return select(Batch).outerjoin(Seal, Seal.batch_id == Batch.id)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool]:
        """Return the condition for the executed batches that ``identity`` may see."""
        return and_(EXECUTED, access.visible(identity.permissions, services.get(BatchTypes)))
