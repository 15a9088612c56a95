"""Worksheets of a batch's rows: download, upload, and the comparison before anything is applied."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import FileIter, Response
from sqlalchemy import ColumnElement, Row

from batchbook.batches.concurrency import read_token
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage, follow_on
from batchbook.batches.running.bulk_edits import enqueue_edit, is_big
from batchbook.batches.worksheets.batch_layout import layout_of
from batchbook.batches.worksheets.diff import WorksheetDiff, diff_worksheet
from batchbook.batches.worksheets.layout import Layout
from batchbook.batches.worksheets.sheet_rows import carried_by, sheet_select, with_problems
from batchbook.batches.worksheets.sheet_writer import refuse_too_large, write_worksheet
from batchbook.batches.worksheets.storage import (
    TAKE_WORKSHEET,
    apply_worksheet,
    refuse_unseen,
    store_worksheet,
    stored_worksheet,
)
from batchbook.errors import BadInput
from batchbook.master import ExportPage, GridView
from batchbook.master.export import CONTENT_TYPES, export_name
from batchbook.web.form_parsing import Upload
from batchbook.web.idempotency import claim_key

#: How many changes of each kind the page shows; what is to be taken is taken whether it is shown or not.
SHOWN = 200


class DownloadWorksheet(ExportPage, BatchPage):
    """All rows that are not removed, as a worksheet."""

    name = "worksheet"
    pattern = "/worksheet.xlsx"
    permission = Action.DOWNLOAD.value

    def exported(self) -> GridView:
        """Return the rows; raise ``BadInput`` for more than can come back."""
        work, row = self.work, self.work.row
        view = GridView(
            self.request,
            key=f"worksheet.{self.batch.type}",
            columns=self._layout.grid_columns,
            select=sheet_select(work, ~row.removed, *self.conditions()),
            key_columns=(row.sequence,),
            carried=carried_by(work),
            url=self.own_url,
            settings_url=self.own_url,
        )
        refuse_too_large(work, self._layout, view.total)
        return view

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions for the rows that are wanted."""
        return []

    def send(self, view: GridView) -> Response:
        """Return the worksheet."""
        response = Response(content_type=CONTENT_TYPES[self.file_format])
        name = export_name(view, self.file_format, self.file_name)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        file = TemporaryFile()  # noqa: SIM115 - The server closes it when it is sent.
        self.write(view, view.grid.all_rows(self.request.db, view.state, view.user), file)
        file.seek(0)
        response.app_iter = FileIter(file)
        return response

    def write(self, view: GridView, rows: Iterable[Row[Any]], file: BinaryIO) -> None:  # noqa: ARG002 - Other files need it.
        """Write ``rows`` into ``file``."""
        write_worksheet(self.work, self._layout, rows, file)

    @property
    def file_format(self) -> str:
        """A workbook."""
        return "xlsx"

    @property
    def file_name(self) -> str:
        """The type, the batch's number, and what it is."""
        return f"{self.view.batch_type.path}-{self.batch.number}-{self.name.replace('_', '-')}"

    @cached_property
    def _layout(self) -> Layout:
        return layout_of(self.work)


class DownloadProblems(DownloadWorksheet):
    """The rows with problems, as a worksheet."""

    name = "worksheet_problems"
    pattern = "/worksheet-problems.xlsx"

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the condition for rows with problems."""
        return [with_problems(self.work)]


class UploadWorksheet(BatchPage):
    """A worksheet that comes back: kept with the batch, then compared."""

    name = "upload_worksheet"
    pattern = "/worksheets"
    permission = Action.EDIT.value

    def post(self) -> HTTPSeeOther:
        """Keep the file, and lead on to what differs."""
        upload = self.request.POST.get("file")
        if not isinstance(upload, Upload) or not upload.filename:
            raise BadInput("No file was sent, so nothing was changed. Choose the worksheet, then send it.")
        with claim_key(self.request) as remember:
            record = store_worksheet(self.engine, self.batch.id, upload.filename, upload.file)
            remember(f"It kept the worksheet {record.name}.")
        return HTTPSeeOther(self.view.url(CompareWorksheet.name, self.batch, number=record.number))


class CompareWorksheet(BatchPage):
    """What was changed in an uploaded worksheet, beside what the batch says; and the button that takes it."""

    name = "compare_worksheet"
    pattern = "/worksheets/{number:[0-9]{1,9}}"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/worksheet.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the differences, cell by cell."""
        return self.template_values(found=self._found(), shown=SHOWN, cancel_url=self.own_url)

    def post(self) -> HTTPSeeOther:
        """Take the changes, and of the conflicts those that were insisted on; or have a job do it."""
        found = self._found()
        seen = read_token(
            self.request.POST, "What was sent does not say which differences you saw, so nothing was taken."
        )
        insisted = self.request.POST.getall("insist")
        refuse_unseen(self.work, seen)
        if not is_big(self.request.services, len(found.taken) + len(insisted)):
            applied = apply_worksheet(self.engine, self.batch.id, found, insisted, seen)
            return self.done(applied.summary, self.own_url)
        arguments = {"number": self._number, "insisted": insisted, "seen": seen}
        result = enqueue_edit(
            self.request.services, self.engine, self.batch.id, TAKE_WORKSHEET.name, arguments
        )
        return follow_on(self.request, result, self.own_url)

    def _found(self) -> WorksheetDiff:
        work = self.work
        with stored_worksheet(work, self._number) as sheet:
            return diff_worksheet(work, sheet)

    @property
    def _number(self) -> int:
        return int(self.request.matchdict["number"])
