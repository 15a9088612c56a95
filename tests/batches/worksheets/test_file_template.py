"""Templates have the headings that files need, cells in the right formats, and no rows."""

from __future__ import annotations

import io

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, stock

from batchbook.batches.worksheets.file_template import hint_of, template_fields, write_template

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def test_a_template_has_the_headings_of_the_fields_and_no_rows(engine: Engine, harness: BatchHarness) -> None:
    stock(engine, ("007", 7))
    batch_id = harness.open("item,counted,remark\n007,1,\n", shelf="A")
    with harness.engine() as batches:
        fields = template_fields(batches.context_of(batches.find(batch_id)))
    file = io.BytesIO()
    write_template(fields, file)
    book = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue()))
    assert book.sheet_names == ["Rows"]
    assert book.get_sheet_by_index(0).to_python() == [[one.heading for one in fields]]
    hints = {one.column.name: hint_of(one) for one in fields}
    assert all(hint.startswith(("Required.", "Optional.")) for hint in hints.values())
    assert "A whole number." in hints["counted"]
