"""The file of a batch is inspected before its rows are read, and its records can be read again."""

from __future__ import annotations

import pytest
from tests.batches.harness import BatchHarness

from batchbook.batches.engine.file_intake import (
    FileRecords,
    ensure_inspected,
    file_source_of,
    has_mapped_file,
    intake_fields,
    maps_columns,
)
from batchbook.batches.intake.file_inspection import Unmapped, refuse_unprepared
from batchbook.batches.intake.file_source import stored_intake
from batchbook.errors import BadInput

FILE = "item,counted,remark\n007,7,\n008,9,late\n"


def test_a_file_is_inspected_once_and_the_result_is_stored(harness: BatchHarness) -> None:
    batch_id = harness.create(FILE, shelf="A")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        assert (maps_columns(context), has_mapped_file(context)) == (True, True)
        assert file_source_of(context).inspect(
            context.handler, context.batch, keep=False
        ).mapping.columns == {
            "item_code": 0,
            "counted": 1,
            "remark": 2,
        }
        assert stored_intake(context.batch) is None
        ensure_inspected(context)
        stored = stored_intake(context.batch)
        assert stored is not None
        refuse_unprepared(stored, intake_fields(context))
        assert [field.name for field in intake_fields(context)] == ["item_code", "counted", "remark"]


def test_records_are_read_again_by_the_numbers_of_their_rows(harness: BatchHarness) -> None:
    batch_id = harness.create(FILE, shelf="A")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        records = FileRecords(context, file_source_of(context).inspect(context.handler, context.batch))
        assert [list(records.at(number)) for number in (2, 3, 9, None)] == [
            ["007", "7", ""],
            ["008", "9", "late"],
            [],
            [],
        ]


def test_a_batch_without_a_file_has_nothing_to_inspect(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        assert not has_mapped_file(context)
        ensure_inspected(context)
        with pytest.raises(BadInput, match="has no file to read rows from"):
            file_source_of(context).inspect(context.handler, context.batch)


def test_a_file_that_lacks_a_column_is_refused_before_its_rows_are_read(harness: BatchHarness) -> None:
    batch_id = harness.create("item,counted\n007,7\n", shelf="A")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        with pytest.raises(Unmapped, match="has no column “remark”"):
            refuse_unprepared(
                file_source_of(context).inspect(context.handler, context.batch), intake_fields(context)
            )
