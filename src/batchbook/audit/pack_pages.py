"""Downloads of auditor's packs: of one batch, and of the batches that match the filters of the list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from pyramid.response import Response
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from batchbook.audit.pack import Pack, demand_packable
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.registry import BatchTypes
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Missing, TooLarge
from batchbook.master import MasterView, Page
from batchbook.security.audit_log import EXPORTED, FILE, record_event
from batchbook.web.request import Request

#: The most batches in a pack that a page sends. The command has no limit.
MOST = 500


class DownloadPack(BatchPage):
    """The auditor's pack of one executed batch."""

    name = "pack"
    pattern = "/auditors-pack.zip"
    permission = Action.DOWNLOAD.value
    button = "Auditor's pack"

    @classmethod
    def offered(cls, view: MasterView, record: Batch) -> bool:  # noqa: ARG003 - The same for all types.
        """Return whether ``record`` is executed."""
        return record.is_final

    def get(self) -> Response:
        """Send the pack."""
        return pack_response(self.request, [self.batch.id])


class PackSelection(Page):
    """The auditor's pack of the batches that match the filters in the address."""

    name = "pack"
    pattern = "/auditors-pack.zip"
    permission = "export"

    def get(self) -> Response:
        """Send the pack; raise ``BadInput`` for filters that cannot be used, ``Missing`` if no batch matches."""
        grid = self.view.grid()
        if grid.state.problems:
            raise BadInput(f"{' '.join(grid.state.problems)} No pack was made.")
        total = grid.window.total
        if not total:
            raise Missing("No executed batch matches these filters, so there is no pack.")
        if total > MOST:
            raise TooLarge(
                f"{total:,} batches match; a pack from this page has at most {MOST}. Narrow the filters, or use the command"
                " “batchbook pack”."
            )
        rows = grid.grid.all_rows(self.request.db, grid.state, grid.user)
        return pack_response(self.request, [row._mapping["id"] for row in rows])


def pack_response(request: Request, numbers: Sequence[int]) -> Response:
    """Return the pack of the batches with ``numbers`` as a download, and record it.

    Raises as :func:`~batchbook.audit.pack.demand_packable` and :class:`~batchbook.audit.pack.Pack` do, before anything is sent.
    """
    types, engine, actor = (
        request.services.get(BatchTypes),
        request.services.get(Engine),
        request.authenticated_userid,
    )
    batches = batches_called(request.db, numbers)
    demand_packable(request.db, types, request.identity.permissions, batches, actor)
    pack = Pack(request.db, types, batches, actor, utc_now())
    detail = f"auditor's pack of {', '.join(batch.number for batch in batches)}"
    record_event(request, EXPORTED, pack.name, detail, FILE)

    def stream() -> Iterator[bytes]:
        # The server sends the bytes after the request's transaction has ended, so the stream has one of its own.
        with transaction_scope(engine, read_only=True) as session:
            again = batches_called(session, numbers)
            yield from Pack(session, types, again, actor, utc_now()).chunks()

    response = Response(content_type="application/zip", app_iter=stream())
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(pack.name, safe='')}"
    return response


def batches_called(session: Session, numbers: Sequence[int]) -> Sequence[Batch]:
    """Return the batches with ``numbers``, in order; raise ``Missing`` if one is not there."""
    found = session.scalars(select(Batch).where(Batch.id.in_(numbers)).order_by(Batch.id)).all()
    missing = {*numbers} - {batch.id for batch in found}
    if missing:
        raise Missing(f"There is no batch {min(missing):08d}. It may have been deleted. No pack was made.")
    return found
