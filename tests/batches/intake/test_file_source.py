"""Files are inspected, as earlier ones were read if they fit, and the result is stored with their batch."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from tests.batches.shelf_count import ShelfCountRow

from batchbook import tables
from batchbook.batches import Batch
from batchbook.batches.intake import IntakeField, RememberedMapping
from batchbook.batches.intake.cell_reader import IntakeReader
from batchbook.batches.intake.field_mapping import headings_of
from batchbook.batches.intake.file_source import inspect, rows_of, store_intake, stored_intake
from batchbook.grid import columns_of, csv_chunks, xlsx_file
from batchbook.tables.report import Reading

from .fields import FIELDS
from .inspected import TABLE, inspected


def test_an_intake_is_stored_in_its_batch() -> None:
    batch = Batch(params={"other": 1})
    assert stored_intake(batch) is None
    intake = inspected()
    store_intake(batch, intake)
    assert batch.params["other"] == 1
    stored = stored_intake(batch)
    assert stored is not None
    assert (stored.mapping, stored.reading, stored.suggestion.reasons) == (
        intake.mapping,
        intake.reading,
        intake.suggestion.reasons,
    )


def test_a_reading_that_was_chosen_before_is_used_again() -> None:
    before = inspected()
    semicolons = TABLE.replace(",", ";")
    chosen = Reading(delimiter=";")
    remembered = RememberedMapping(before.mapping, "last time for V1", reading=chosen)
    found = inspect("list.csv", io.BytesIO(semicolons.encode()), FIELDS, remembered=remembered)
    assert (found.chosen.delimiter, found.mapping.columns) == (";", before.mapping.columns)


# --- Exports read back -----------------------------------------------------------------------------------------------

SEQUENCE, REMARK_COLUMN = columns_of(ShelfCountRow, ("sequence", "remark"))
_PIECES = (
    *("'", '"', "=", "+", "-", "@", "\t", "\n", "\r", " ", "\u00a0", "\u3000", "\u2028", "\x0b", "\uff1d"),
    *(",", ";", "#", "%", ".", "0", "5", "LB", "a", "é", "N/A", "_x000D_", "t Hooft"),
)
#: Texts that hold what spreadsheet programs and readers of tables treat in a way of their own. Blanks at the end are no part
#: of a cell anywhere.
TEXTS = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6).map("".join).map(str.rstrip).filter(bool)


def read_back(name: str, data: bytes) -> list[str]:
    """Return the remarks in the file, which is read as a batch reads it when nobody decides anything."""
    field, file = IntakeField("remark", REMARK_COLUMN), io.BytesIO(data)
    intake = inspect(name, file, [field])
    reader = IntakeReader(ShelfCountRow, [field], intake.reading, intake.mapping)
    source = tables.open_source(name, file, intake.reading, headings_of([field]))
    blocks = (reader.block(chunk) for chunk in source.chunks(100) if chunk.records)
    return [row["remark"] for block in blocks for row in rows_of(block)]


def with_plain_lines(texts: list[str]) -> list[str]:
    return [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    ["'=1+1", "-5 LB", "  leading", "two\nlines", 'a "b", c', "''", "'000123", '="007"', "\t=1", "'t Hooft"]
)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_an_export_is_read_back_to_the_same_texts(suffix: str, texts: list[str]) -> None:
    rows = IteratorResult(SimpleResultMetaData(["sequence", "remark"]), iter(enumerate(texts, 1))).all()
    columns = (SEQUENCE, REMARK_COLUMN)
    if suffix == "csv":
        data = b"".join(csv_chunks(columns, rows))
    else:
        with xlsx_file(columns, rows) as file:
            data = file.read()
    assert with_plain_lines(read_back(f"rows.{suffix}", data)) == with_plain_lines(texts)
