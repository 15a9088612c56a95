"""Downloads of empty workbooks to fill in, with the headings that files of a batch have."""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryFile
from urllib.parse import quote

from pyramid.response import FileIter, Response

from batchbook.batches.intake.field_mapping import IntakeField
from batchbook.batches.intake.file_source import declared_fields
from batchbook.batches.lifecycle import Action, BatchPermission
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.worksheets.file_template import template_fields, write_template
from batchbook.errors import Missing
from batchbook.master import Page
from batchbook.master.record_pages import CONTENT_TYPES


class DownloadTemplate(BatchPage):
    """An empty workbook with the headings of the fields that rows of a batch take from a file."""

    name = "template"
    pattern = "/template.xlsx"
    permission = Action.VIEW.value

    def get(self) -> Response:
        """Send the workbook."""
        return _workbook(template_fields(self.action_context), self.view.batch_type.path)


class NewTemplate(Page):
    """An empty workbook for a new batch, of a type whose files have the same columns for every batch."""

    name = "new_template"
    pattern = "/template.xlsx"
    permission = BatchPermission.CREATE.value
    view: BatchMasterView

    def get(self) -> Response:
        """Send the workbook; raise ``Missing`` where the columns depend on the batch."""
        fields = fields_of_type(self.view)
        if not fields:
            raise Missing(
                "The columns of the file depend on the batch: create it, then download its template."
            )
        return _workbook(fields, self.view.batch_type.path)


def fields_of_type(view: BatchMasterView) -> Sequence[IntakeField]:
    """Return the fields that rows take from a file in every batch of the type; none where they depend on the batch."""
    source = view.batch_type.handler.file_source
    return () if source is None or source.fields is not None else declared_fields(source, view.batch_type.row)


def _workbook(fields: Sequence[IntakeField], name: str) -> Response:
    response = Response(content_type=CONTENT_TYPES["xlsx"])
    file_name = quote(f"{name}-template.xlsx", safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{file_name}"
    file = TemporaryFile()  # noqa: SIM115 - The server closes it when it is sent.
    write_template(fields, file)
    file.seek(0)
    response.app_iter = FileIter(file)
    return response
