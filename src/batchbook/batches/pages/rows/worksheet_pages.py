"""Worksheets of a batch's rows: download, upload, and the comparison before anything is applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from tempfile import TemporaryFile
from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import FileIter, Response
from sqlalchemy import Select

from batchbook.batches import access
from batchbook.batches.concurrency import read_token
from batchbook.batches.editing import editable_by_name
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage, follow_on, uploaded_before
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.bulk_edits import enqueue_edit, is_big
from batchbook.batches.worksheets.batch_layout import carried_by, layout_of, sheet_select, with_problems
from batchbook.batches.worksheets.diff import WorksheetDiff, diff_worksheet
from batchbook.batches.worksheets.layout import Layout
from batchbook.batches.worksheets.sheet_writer import refuse_too_large, write_worksheet
from batchbook.batches.worksheets.uploads import (
    TAKE_WORKSHEET,
    apply_worksheet,
    refuse_unseen,
    store_worksheet,
    stored_worksheet,
)
from batchbook.errors import BadInput
from batchbook.grid import Column, Grid
from batchbook.master import Caller, ExportPage, GridReference, GridView, OpenGrid
from batchbook.master.record_pages import CONTENT_TYPES, export_name
from batchbook.security.audit_log import EXPORTED, FILE, record_event
from batchbook.web.flash import flash
from batchbook.web.form_parsing import Upload
from batchbook.web.idempotency import claim_key

#: The number of changes of each kind on the page; changes beyond that are applied as well.
SHOWN = 200

#: The name of the source of a worksheet's rows; its arguments are ``batch_id`` and ``problems``.
WORKSHEET = "worksheet"


def _worksheet_select(context: ActionContext, *, problems: bool) -> Select[Any]:
    wanted = [with_problems(context)] if problems else []
    return sheet_select(context, ~context.row.removed, *wanted)


def open_worksheet(caller: Caller, arguments: Mapping[str, Any]) -> OpenGrid:
    """Open the rows of a worksheet, for :data:`WORKSHEET`; raise ``BadInput`` for more rows than can be uploaded again."""
    services = caller.services
    engine = Engine(caller.session, services.get(BatchTypes), services.settings, caller.identity.name)
    batch = engine.find(arguments["batch_id"])
    caller.refuse_unless(permitted=access.may_now(caller.identity.permissions, batch, Action.DOWNLOAD))
    context = engine.context_of(batch)
    layout = layout_of(context)
    wanted = _worksheet_select(context, problems=arguments["problems"])
    grid = Grid(
        layout.grid_columns, wanted, (context.row.sequence,), zone=caller.zone, carried=carried_by(context)
    )
    opened = OpenGrid(
        grid=grid,
        columns=layout.grid_columns,
        caller=caller,
        write_rows=lambda rows, file: write_worksheet(context, layout, rows, file),
    )
    refuse_too_large(context, layout, opened.count())
    return opened


class DownloadWorksheet(ExportPage, BatchPage):
    """All rows that are not removed, as a worksheet."""

    name = "worksheet"
    pattern = "/worksheet.xlsx"
    permission = Action.DOWNLOAD.value
    #: Whether the worksheet has only rows with problems.
    problems: ClassVar[bool] = False

    def exported(self) -> GridView:
        """Return the rows; raise ``BadInput`` for more than can be uploaded again."""
        view = GridView(
            self.request,
            key=f"worksheet.{self.batch.type}",
            grid=Grid(
                self._layout.grid_columns,
                _worksheet_select(self.action_context, problems=self.problems),
                (self.action_context.row.sequence,),
                zone=self.request.zone,
                carried=carried_by(self.action_context),
            ),
            url=self.own_url,
            settings_url=self.own_url,
        )
        refuse_too_large(self.action_context, self._layout, view.window.total)
        return view

    @property
    def reference(self) -> GridReference:
        """The rows of the worksheet."""
        return GridReference(WORKSHEET, {"batch_id": self.batch.id, "problems": self.problems})

    def send(self, view: GridView, columns: Sequence[Column]) -> Response:  # noqa: ARG002 - The layout has its own.
        """Return the worksheet."""
        response = Response(content_type=CONTENT_TYPES[self.file_format])
        name = export_name(view, self.file_format, self.file_name)
        record_event(self.request, EXPORTED, self.file_name, self.request.path_qs, FILE)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        file = TemporaryFile()  # noqa: SIM115 - The server closes it when it is sent.
        rows = view.grid.all_rows(self.request.db, view.state, view.user)
        write_worksheet(self.action_context, self._layout, rows, file)
        file.seek(0)
        response.app_iter = FileIter(file)
        return response

    @property
    def file_format(self) -> str:
        """The format of workbooks."""
        return "xlsx"

    @property
    def file_name(self) -> str:
        """The type, the batch's number, and the kind of worksheet."""
        return f"{self.view.batch_type.path}-{self.batch.number}-{self.name.replace('_', '-')}"

    @cached_property
    def _layout(self) -> Layout:
        return layout_of(self.action_context)


class DownloadProblems(DownloadWorksheet):
    """The rows with problems, as a worksheet."""

    name = "worksheet_problems"
    pattern = "/worksheet-problems.xlsx"

    problems = True


class UploadWorksheet(BatchPage):
    """The upload of a corrected worksheet, which is stored with the batch and then compared."""

    name = "upload_worksheet"
    pattern = "/worksheets"
    permission = Action.EDIT.value

    def post(self) -> HTTPSeeOther:
        """Store the file and show its differences."""
        upload = self.request.POST.get("file")
        if not isinstance(upload, Upload) or not upload.filename:
            raise BadInput("No file was sent, so nothing was changed. Choose the worksheet, then upload it.")
        with claim_key(self.request) as remember:
            record = store_worksheet(self.engine, self.batch.id, upload.filename, upload.file)
            remember(f"It stored the worksheet {record.name}.")
        for sentence, url in uploaded_before(self.request, [record]).values():
            flash(self.request, sentence, "warning", url)
        return HTTPSeeOther(self.view.url(CompareWorksheet.name, self.batch, number=record.number))


class CompareWorksheet(BatchPage):
    """The differences between an uploaded worksheet and the batch, and the button that applies them."""

    name = "compare_worksheet"
    pattern = "/worksheets/{number:[0-9]{1,9}}"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/worksheet.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the differences, cell by cell."""
        columns = editable_by_name(self.row_model, self.action_context.access)
        return self.template_values(found=self._found(), most=SHOWN, columns=columns, cancel_url=self.own_url)

    def post(self) -> HTTPSeeOther:
        """Apply the changes and the ticked conflicts, or enqueue that."""
        found = self._found()
        seen = read_token(
            self.request.POST, "The form doesn't say which differences you saw, so nothing was applied."
        )
        insisted = self.request.POST.getall("insist")
        refuse_unseen(self.action_context, seen)
        if not is_big(self.request.services, len(found.taken) + len(insisted)):
            applied = apply_worksheet(self.engine, self.batch.id, found, insisted, seen)
            return self.done(applied.summary, self.own_url)
        arguments = {"number": self._number, "insisted": insisted, "seen": seen}
        result = enqueue_edit(
            self.request.services, self.engine, self.batch.id, TAKE_WORKSHEET.name, arguments, None
        )
        return follow_on(self.request, result, self.own_url)

    def _found(self) -> WorksheetDiff:
        context = self.action_context
        with stored_worksheet(context, self._number) as sheet:
            return diff_worksheet(context, sheet)

    @property
    def _number(self) -> int:
        return int(self.request.matchdict["number"])
