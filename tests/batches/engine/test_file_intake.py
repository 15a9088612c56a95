"""The file of a batch is inspected before its rows are read, and its records can be read again."""

from __future__ import annotations

import pytest
from tests.batches.harness import BatchHarness

from batchbook.batches.engine.file_intake import (
    FileRecords,
    carries_columns,
    ensure_inspected,
    has_mapped_file,
    inspect_batch_file,
    intake_fields,
    known_lengths,
    mapping_scope,
    maps_columns,
    refuse_unprepared,
)
from batchbook.batches.intake.file_inspection import Intake, Unmapped
from batchbook.errors import BadInput

FILE = "item,counted,remark\n007,7,\n008,9,late\n"


def test_a_file_is_inspected_once_and_the_result_is_stored(harness: BatchHarness) -> None:
    batch_id = harness.create(FILE, shelf="A")
    with harness.engine() as engine:
        work = engine.work_on(engine.find(batch_id))
        assert (maps_columns(work), has_mapped_file(work), carries_columns(work)) == (True, True, False)
        assert inspect_batch_file(work, keep=False).mapping.columns == {
            "item_code": 0,
            "counted": 1,
            "remark": 2,
        }
        assert Intake.stored_in(work.batch) is None
        ensure_inspected(work)
        stored = Intake.stored_in(work.batch)
        assert stored is not None
        refuse_unprepared(work, stored)
        assert [field.name for field in intake_fields(work)] == ["item_code", "counted", "remark"]
        assert known_lengths(work, intake_fields(work)[0]) == {}
        assert (mapping_scope(work).scope, mapping_scope(work).sender) == ("", "")


def test_records_are_read_again_by_the_numbers_of_their_rows(harness: BatchHarness) -> None:
    batch_id = harness.create(FILE, shelf="A")
    with harness.engine() as engine:
        work = engine.work_on(engine.find(batch_id))
        records = FileRecords(work, inspect_batch_file(work))
        assert [list(records.at(number)) for number in (2, 3, 9, None)] == [
            ["007", "7", ""],
            ["008", "9", "late"],
            [],
            [],
        ]


def test_a_batch_without_a_file_has_nothing_to_inspect(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine:
        work = engine.work_on(engine.find(batch_id))
        assert not has_mapped_file(work)
        ensure_inspected(work)
        with pytest.raises(BadInput, match="has no file to read rows from"):
            inspect_batch_file(work)


def test_a_file_that_lacks_a_column_is_refused_before_its_rows_are_read(harness: BatchHarness) -> None:
    batch_id = harness.create("item,counted\n007,7\n", shelf="A")
    with harness.engine() as engine:
        work = engine.work_on(engine.find(batch_id))
        with pytest.raises(Unmapped, match="has no column “remark”"):
            refuse_unprepared(work, inspect_batch_file(work))
