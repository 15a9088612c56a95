"""Overlapping batches on the page of a batch, and the batches in which a record is, on the record's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batchbook.batches import access
from batchbook.batches.engine.engine import Engine
from batchbook.batches.lifecycle import State
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.registry import BatchTypes
from batchbook.batches.review.overlap import OverlapCounts, batches_with, overlaps_of
from batchbook.jobs.enqueue import scheduled_batches
from batchbook.web.request import Request


@dataclass(frozen=True)
class OverlapView:
    """A batch that changes ``count`` of the same records; ``scheduled`` tells whether its execution is scheduled."""

    url: str
    number: str
    title: str
    state: State
    owner: str
    count: int
    scheduled: bool


@dataclass(frozen=True)
class OverlapsView:
    """The batches that overlap with one; ``left_out`` is the number of older ones that were not compared."""

    items: list[OverlapView]
    left_out: int


def overlaps_view(page: BatchPage) -> OverlapsView:
    """Return the batches that overlap with that of ``page`` and that its reader may see."""
    request = page.request
    counts = request.services.find(OverlapCounts) or OverlapCounts()
    visible = access.visible(request.identity.permissions, request.services.get(BatchTypes))
    found = overlaps_of(page.engine, page.batch, visible, counts)
    scheduled = scheduled_batches(request.db, [one.batch.id for one in found.found])
    items = [
        OverlapView(
            batch_path(request, one.batch),
            one.batch.number,
            f"{one.batch} {one.batch.description or ''}".strip(),
            State(one.batch.state),
            one.batch.owner,
            one.count,
            one.batch.id in scheduled,
        )
        for one in found.found
    ]
    return OverlapsView(items, found.left_out)


@dataclass(frozen=True)
class RecordBatch:
    """A batch with rows that change a record: its address, title, state and owner, and the number and address of each row."""

    url: str
    title: str
    state: State
    owner: str
    rows: list[tuple[int, str]]


def in_batches(request: Request, record: Any) -> list[RecordBatch]:
    """Return the open and complete batches that change ``record`` and that the reader may see, the newest first."""
    services = request.services
    types = services.find(BatchTypes)
    if types is None:
        return []
    engine = Engine(request.db, types, services.settings, request.authenticated_userid)
    visible = access.visible(request.identity.permissions, types)
    return [
        RecordBatch(
            batch_path(request, batch),
            f"{batch} {batch.description or ''}".strip(),
            State(batch.state),
            batch.owner,
            [
                (number, request.route_path(f"batches.{batch.type}.row", id=batch.id, sequence=number))
                for number in numbers
            ],
        )
        for batch, numbers in batches_with(engine, record, visible)
    ]


def batch_path(request: Request, batch: Batch) -> str:
    """Return the path of the page of ``batch``."""
    path: str = request.route_path(f"batches.{batch.type}.view", id=batch.id)
    return path
