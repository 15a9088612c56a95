"""The download of an empty workbook to fill in, with the headings that files of a batch have."""

from __future__ import annotations

from tempfile import TemporaryFile
from urllib.parse import quote

from pyramid.response import FileIter, Response

from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.worksheets.file_template import template_fields, write_template
from batchbook.master.record_pages import CONTENT_TYPES


class DownloadTemplate(BatchPage):
    """An empty workbook with the headings of the fields that rows take from a file."""

    name = "template"
    pattern = "/template.xlsx"
    permission = Action.VIEW.value

    def get(self) -> Response:
        """Send the workbook."""
        response = Response(content_type=CONTENT_TYPES["xlsx"])
        name = quote(f"{self.view.batch_type.path}-template.xlsx", safe="")
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        file = TemporaryFile()  # noqa: SIM115 - The server closes it when it is sent.
        write_template(template_fields(self.action_context), file)
        file.seek(0)
        response.app_iter = FileIter(file)
        return response
