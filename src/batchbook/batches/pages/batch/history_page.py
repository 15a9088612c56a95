"""The history of a batch, and downloads of its files."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import quote

from pyramid.response import Response
from sqlalchemy import Engine, select

from batchbook.batches.files import file_chunks
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import BatchFile, CellChange, Operation
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Missing

#: Operations on a page of the history, and cells shown of each of them.
PAGE_SIZE, CELLS_SHOWN = 50, 20


class History(BatchPage):
    """All operations, newest first, with the cells that each changed."""

    name = "history"
    pattern = "/history"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/history.jinja2"

    def get(self) -> dict[str, Any]:
        """Show a page of operations; ``before`` in the query is the number that the page before ended with."""
        wanted = select(Operation).where(Operation.batch_id == self.batch.id)
        before = self.request.GET.get("before", "")
        if before.isascii() and before.isdigit() and len(before) < 10:
            wanted = wanted.where(Operation.number < int(before))
        found = self.request.db.scalars(wanted.order_by(Operation.number.desc()).limit(PAGE_SIZE + 1)).all()
        shown = found[:PAGE_SIZE]
        return self.template_values(
            operations=shown,
            cells=self._cells(shown),
            older=shown[-1].number if len(found) > PAGE_SIZE else None,
        )

    def _cells(self, operations: Any) -> dict[int, list[CellChange]]:
        changes = self.request.db.scalars(
            select(CellChange)
            .where(
                CellChange.batch_id == self.batch.id,
                CellChange.operation.in_([operation.number for operation in operations]),
                CellChange.position < CELLS_SHOWN,
            )
            .order_by(CellChange.operation, CellChange.position)
        )
        found: dict[int, list[CellChange]] = defaultdict(list)
        for change in changes:
            found[change.operation].append(change)
        return found


class Download(BatchPage):
    """A file of the batch, byte for byte."""

    name = "download"
    pattern = "/files/{number:[0-9]{1,9}}"
    permission = Action.DOWNLOAD.value

    def get(self) -> Response:
        """Send the file as an attachment, whatever it holds."""
        record = self.request.db.get(BatchFile, (self.batch.id, int(self.request.matchdict["number"])))
        if record is None:
            raise Missing(f"{self.batch} has no such file.")
        response = Response(content_type="application/octet-stream", app_iter=self._bytes(record))
        response.content_length = record.size
        response.headers["Content-Disposition"] = (
            f"attachment; filename*=UTF-8''{quote(record.name, safe='')}"
        )
        return response

    def _bytes(self, record: BatchFile) -> Any:
        # The server sends the bytes after the request's transaction has ended, so the stream has one of its own.
        with transaction_scope(self.request.services.get(Engine), read_only=True) as session:
            yield from file_chunks(session, record)
