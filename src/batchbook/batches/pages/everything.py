"""All batches of all types, in one list."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, Row, select

from batchbook.batches import access, columns
from batchbook.batches.activity import Running, running_now
from batchbook.batches.models import Batch
from batchbook.batches.types import BatchTypes
from batchbook.batches.work import HIGHEST_NUMBER
from batchbook.errors import Missing
from batchbook.grid import Choice, Column, Kind, Sort
from batchbook.master import Export, Index, MasterContext, MasterView, Remember
from batchbook.security import SIGNED_IN, Identity
from batchbook.services import services_of
from batchbook.web.request import Request


class AllBatchesContext(MasterContext):
    """The context of the list: everybody may open it, and sees those batches that the own roles let one see."""

    def permits(self, identity: Identity, permission: str) -> bool:  # noqa: ARG002 - All of it is reading.
        """Return that it is allowed."""
        return True


def batch_url(request: Request, key: str, batch_id: int) -> str:
    """Return the path of a batch's page."""
    path: str = request.route_path(f"batches.{key}.view", id=batch_id)
    return path


def _own_page(request: Request, row: Row[Any]) -> str:
    return batch_url(request, row._mapping["type"], row._mapping["id"])


class AllBatchesView(MasterView):
    """The batches of all types that this person may see."""

    types: ClassVar[BatchTypes]
    model = Batch
    prefix = "batches"
    path = "/batches"
    title = "Batches"
    description = "Of all types, the latest first."
    title_one = "batch"
    grid_columns = columns.COMMON
    default_sort: ClassVar = (Sort("number", descending=True),)
    pages = (Index, Remember, Export)
    links: ClassVar = {"batch": _own_page}
    context_factory = AllBatchesContext
    templates: ClassVar = {"index": "batchbook.templates:batches/everything.jinja2"}

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the common columns with the type behind the number, by its title."""
        choices = tuple(Choice(one.key, one.title) for one in cls.types)
        kind_of_batch = Column("type", "Type", Batch.type, Kind.CHOICE, choices=choices)
        number = replace(columns.NUMBER, link="batch")
        return (number, kind_of_batch, *columns.COMMON[1:])

    @cached_property
    def running(self) -> list[Running]:
        """Return what runs on batches that this person may see."""
        return running_now(self.request, self.visible())

    def visible(self) -> ColumnElement[bool]:
        """The condition for the batches that this person may see."""
        return access.visible(self.request.identity.permissions, self.request.services.get(BatchTypes))

    def creatable(self) -> list[tuple[str, str]]:
        """Return title and address for each type of which this person may create batches."""
        return creatable(self.request)


def creatable(request: Request) -> list[tuple[str, str]]:
    """Return title and address for each type of which who asks may create batches."""
    held = request.identity.permissions
    return [
        (one.title, request.route_path(f"batches.{one.key}.create"))
        for one in request.services.get(BatchTypes)
        if access.may_create(held, one.key)
    ]


def find(request: Request) -> HTTPSeeOther:
    """Lead from a batch's number alone, as other records keep it, to the batch's page."""
    number = int(request.matchdict["number"])
    seen = access.visible(request.identity.permissions, request.services.get(BatchTypes))
    wanted = select(Batch.type).where(Batch.id == number, seen)
    key = request.db.scalar(wanted) if number <= HIGHEST_NUMBER else None
    if key is None:
        raise Missing(f"There is no batch {number:08d} that you may see.")
    return HTTPSeeOther(batch_url(request, key, number))


def includeme(config: Any) -> None:
    """Register the list, and the way to a batch by its number."""
    config.add_route("batches.find", "/batches/{number:[0-9]{1,10}}")
    config.add_view(find, route_name="batches.find", request_method="GET", permission=SIGNED_IN)
    config.add_master_view(
        type("AllBatchesView", (AllBatchesView,), {"types": services_of(config.registry).get(BatchTypes)})
    )
    config.add_navigation("All batches", "batches.index", SIGNED_IN, group="Batches", order=10)
