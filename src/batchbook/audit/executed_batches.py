"""The auditors' start page: the executed batches of all types, with filters, exports and packs of those that match."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, Row, Select, and_, select

from batchbook.audit.executed_columns import AMOUNT, CHANGED, PERSON, SEAL, touched_column
from batchbook.audit.figures_page import FiguresFile, FiguresPage
from batchbook.audit.pack_pages import PackSelection
from batchbook.batches import access
from batchbook.batches.effects.models import BatchEffect
from batchbook.batches.lifecycle import FINAL, State
from batchbook.batches.models import Batch, Operation
from batchbook.batches.pages import view
from batchbook.batches.pages.lists import batch_url
from batchbook.batches.registry import BatchTypes
from batchbook.batches.retention.models import LegalHold, RetentionPolicy, Tombstone
from batchbook.batches.seal.models import Seal
from batchbook.errors import BatchbookError, Refused
from batchbook.grid import Column, Sort, Verb
from batchbook.master import GRID_PAGES, Index, MasterContext, MasterView, default_link
from batchbook.master.routes import view_of
from batchbook.security.identity import Identity
from batchbook.services import Services
from batchbook.web.request import Request

#: The models of the other lists for auditors, in the order of their links.
_FURTHER = (Operation, BatchEffect, LegalHold, RetentionPolicy, Tombstone)

#: The condition for the batches that were executed.
EXECUTED = Batch.state.in_(FINAL)


class AuditContext(MasterContext):
    """The context of the auditors' pages: for everybody who may see executed batches of a type."""

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:  # noqa: ARG002 - All of it is reading.
        """Refuse those who may see no executed batches."""
        types = self.view.request.services.get(BatchTypes)
        sees = any(access.may_see(identity.permissions, one.key, State.EXECUTED) for one in types)
        return None if sees else Refused()


class OnlyAudits:
    """View predicate: the person may see executed batches and no others. Nobody mentions them, as comments end with the execution."""

    def __init__(self, value: bool, _info: Any) -> None:
        self.value = value

    def text(self) -> str:
        """Return the predicate in words, for Pyramid's lists of views."""
        return f"only_audits = {self.value}"

    phash = text

    def __call__(self, _context: Any, request: Request) -> bool:
        """Return whether it holds for ``request``."""
        may = request.identity.permissions if request.identity else frozenset()
        types = request.services.get(BatchTypes)
        seen = {state for state in State for one in types if access.may_see(may, one.key, state)}
        return (seen == {State.EXECUTED}) is self.value


def lead_to_audit(request: Request) -> HTTPSeeOther:
    """Redirect from the start page to that of auditors."""
    return HTTPSeeOther(request.route_path("audit.index"))


def rows_url(request: Request, row: Row[Any]) -> str:
    """Return the address of a listed batch; of its rows with the key if the list shows who touched a record."""
    url = batch_url(request, row._mapping["type"], row._mapping["id"])
    keys = request.services.get(BatchTypes)[row._mapping["type"]].handler.peer_columns
    touched = request.GET.get(_TOUCHED)
    if not touched or len(keys) != 1:
        return url
    return f"{url}?{urlencode({f'f.{keys[0]}.{Verb.EQUAL}': touched})}"


#: The parameter of the list's address that has the key of a record.
_TOUCHED = f"f.touched.{Verb.EQUAL}"


def touching_url(request: Request, key: str) -> str:
    """Return the address of the executed batches that touched the record with ``key``; empty for who may see none."""
    types = request.services.get(BatchTypes)
    permissions = request.identity.permissions
    if not any(access.may_see(permissions, one.key, State.EXECUTED) for one in types):
        return ""
    url: str = request.route_path("audit.index", _query={_TOUCHED: key})
    return url


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
        CHANGED,
        AMOUNT,
        view.CREATED_BY,
        view.EXECUTED_BY,
        view.EXECUTED_AT,
        SEAL,
    )
    filter_columns = (PERSON,)
    default_sort: ClassVar = (Sort("executed_at", descending=True),)
    pages = (Index, *GRID_PAGES, FiguresPage, FiguresFile, PackSelection)
    carried = ("type",)
    links: ClassVar = {"batch": rows_url}
    context_factory = AuditContext
    templates: ClassVar = {"index": "batchbook.templates:audit/index.jinja2"}

    def further_lists(self) -> list[tuple[str, str]]:
        """Return the titles and addresses of the other lists for auditors that this person may see."""
        views = [view_of(self.request.services, model) for model in _FURTHER]
        return [
            (one.title, default_link(one(self.request).url("index")))
            for one in views
            if one is not None and one(self.request).may("view")
        ]

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the columns of the list, with the types by their titles, and those to filter by."""
        return (
            replace(view.NUMBER, link="batch"),
            view.type_column(cls.types),
            *cls.grid_columns[1:],
            *cls.filter_columns,
            touched_column(cls.types),
        )

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return the batches with their seals."""
        return select(Batch).outerjoin(Seal, Seal.batch_id == Batch.id)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool]:
        """Return the condition for the executed batches that ``identity`` may see."""
        return and_(EXECUTED, access.visible(identity.permissions, services.get(BatchTypes)))
