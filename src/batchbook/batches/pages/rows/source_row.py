"""The page of a row as it stands in the file of its batch, beside the values read from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchbook.batches.editing import cell_text, editable_by_name
from batchbook.batches.engine.file_intake import FileRecords, intake_fields
from batchbook.batches.intake.file_inspection import Intake
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.rows.row import ROW_PATTERN, OneRow
from batchbook.errors import Missing


@dataclass(frozen=True)
class FileCell:
    """A cell of the file: its heading, its text, and the field that it fills with what is there now, if it fills one."""

    heading: str
    text: str
    field: str = ""
    now: str = ""


class SourceRowPage(OneRow):
    """What the file says in the row, text by text."""

    name = "row_in_file"
    pattern = f"{ROW_PATTERN}/file"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/row_in_file.jinja2"

    def get(self) -> dict[str, Any]:
        """Show it; raises ``Missing`` for a row that stands in no file."""
        line, intake = self.line, stored_intake(self.batch)
        if line is None or intake is None:
            raise Missing(f"Row {self.sequence} of {self.batch} stands in no file.")
        cells = self._cells(intake, FileRecords(self.work, intake).at(line))
        return self.template_values(
            row=self.row, line=line, file=intake.report.name, cells=cells, row_url=self.row_url
        )

    def _cells(self, intake: Intake, record: Sequence[str]) -> list[FileCell]:
        columns = editable_by_name(self.row_model)
        fields = dict(intake.mapping.placed(intake_fields(self.work)))
        return [
            FileCell(
                heading, text, fields[place].label, cell_text(columns[fields[place].column.name], self.row)
            )
            if place in fields and fields[place].column.name in columns
            else FileCell(heading, text)
            for place, (heading, text) in enumerate(zip(intake.report.headings, record, strict=False))
        ]
