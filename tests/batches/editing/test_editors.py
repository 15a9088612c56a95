from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS, ShelfCountRow

from batchbook.batches import Action, State
from batchbook.batches.editing import CellProblems, StaleEdit, cell_text
from batchbook.batches.rows.scope import RowProxy
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.grid import columns_of

FILE = "item,counted,remark\n007,7,\n008,9,\n009,many,look\n0123456789012345678901,1,\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))
    return harness.open(FILE, shelf="A")


def text_of(harness: BatchHarness, batch_id: int, sequence: int, field: str) -> str:
    (column,) = columns_of(ShelfCountRow, [field])
    return cell_text(column, RowProxy(harness.row(batch_id, sequence)))


def unchanged(engine: Engine) -> Any:
    return snapshot(engine, Base.metadata, COUNTS)


# --- One row ---------------------------------------------------------------------------------------------------------


def test_an_edit_is_stored_refreshed_counted_and_written_down(harness: BatchHarness, batch_id: int) -> None:
    assert harness.statuses(batch_id)[1] == "differs"
    assert harness.by("ann").edit(batch_id, 2, 1, counted=" 8 ", remark="recounted") == [
        "Counted",
        "Remark",
    ]
    row = harness.row(batch_id, 2)
    assert (row.counted, row.remark, row.status, row.version) == (8, "recounted", "matches", 2)
    assert row.modified_at is not None
    assert harness.operations(batch_id)[-1] == ("edit", "ann", "Changed Counted, Remark in row 2.", 2)
    assert harness.cells(batch_id) == [
        (3, 0, 2, "counted", "9", "8"),
        (3, 1, 2, "remark", None, "recounted"),
    ]
    harness.assert_counted(batch_id)


def test_an_emptied_cell_is_an_edit(harness: BatchHarness, batch_id: int) -> None:
    harness.edit(batch_id, 2, counted="")
    assert (harness.row(batch_id, 2).counted, harness.row(batch_id, 2).status) == (None, "uncounted")
    assert harness.cells(batch_id) == [(3, 0, 2, "counted", "9", None)]


def test_a_text_that_means_what_is_there_changes_nothing(
    engine: Engine, harness: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    for text in ("9", " 9", "+9", "09"):
        with subtests.test(str(text)):
            before = unchanged(engine)
            assert harness.edit(batch_id, 2, 1, counted=text, remark=" ") == []
            assert unchanged(engine) == before


def test_line_ends_as_browsers_send_them_change_nothing(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    harness.edit(batch_id, 2, remark="one\r\ntwo")
    harness.edit_header(batch_id, notes="one\r\ntwo")
    assert harness.row(batch_id, 2).remark == "one\ntwo"
    before = unchanged(engine)
    assert harness.edit(batch_id, 2, 1, remark="one\r\ntwo") == []
    assert harness.edit_header(batch_id, 1, notes="one\r\ntwo") == []
    assert unchanged(engine) == before


def test_bad_texts_are_all_named_and_nothing_is_stored(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    before = unchanged(engine)
    with pytest.raises(CellProblems) as caught:
        harness.edit(batch_id, 2, counted="1e3", item_code="x" * 21, remark="kept out")
    assert caught.value.problems == {
        "item_code": f"“{'x' * 21}” has 21 characters: 20 are the most.",
        "counted": "“1e3” is not a whole number: use digits only.",
    }
    with pytest.raises(CellProblems, match="too small: the least is 0"):
        harness.edit(batch_id, 2, counted="-1")
    with pytest.raises(CellProblems, match="cannot be stored"):
        harness.edit(batch_id, 2, remark="a\x00b")
    assert unchanged(engine) == before


def test_only_editable_fields_are_edited(
    engine: Engine, harness: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    for field in ("status", "version", "on_hand", "batch_id", "sequence", "colour"):
        with subtests.test(str(field)):
            before = unchanged(engine)
            with pytest.raises(
                BadInput,
                match=r"is not a field that can be edited. Those that can: item_code, counted, remark",
            ):
                harness.edit(batch_id, 2, **{field: "1"})
            assert unchanged(engine) == before


def test_a_row_that_is_not_there_is_missing(
    harness: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    for sequence in (0, -1, 5, 2**31, 2**80):
        with subtests.test(str(sequence)), pytest.raises(Missing, match=f"has no row {sequence}"):
            harness.edit(batch_id, sequence, counted="1")


def test_a_removed_row_is_not_edited(harness: BatchHarness, batch_id: int) -> None:
    harness.remove(batch_id, 2)
    with pytest.raises(Conflict, match=r"Row 2 is removed: restore it to change it."):
        harness.edit(batch_id, 2, counted="1")


@pytest.mark.parametrize("action", [Action.COMPLETE, Action.EXECUTE])
def test_a_batch_that_is_not_open_is_not_edited(
    engine: Engine, harness: BatchHarness, batch_id: int, action: Action
) -> None:
    for step in (Action.COMPLETE, Action.EXECUTE):
        harness.run(batch_id, step)
        if step == action:
            break
    before = unchanged(engine)
    ways = (
        lambda: harness.edit(batch_id, 2, counted="1"),
        lambda: harness.add(batch_id, item_code="1"),
        lambda: harness.enter(batch_id, "007"),
        lambda: harness.remove(batch_id, 1),
        lambda: harness.remove_where(batch_id, ShelfCountRow.sequence > 0),
        lambda: harness.edit_header(batch_id, notes="x"),
    )
    for way in ways:
        with pytest.raises(Conflict):
            way()
    assert unchanged(engine) == before


# --- Bad cells of a file ---------------------------------------------------------------------------------------------


def test_a_bad_cell_keeps_its_row_its_text_and_names_itself(harness: BatchHarness, batch_id: int) -> None:
    row = harness.row(batch_id, 3)
    assert (row.item_code, row.counted, row.remark) == ("009", None, "look")
    assert row.issues == [
        {
            "field": "counted",
            "code": "not-a-whole-number",
            "severity": "error",
            "message": "“many” is not a whole number: use digits only.",
            "raw": "many",
        }
    ]
    assert text_of(harness, batch_id, 3, "counted") == "many"
    assert text_of(harness, batch_id, 3, "remark") == "look"


def test_the_text_of_a_bad_cell_comes_back_where_empty_is_stored_as_an_empty_text(
    harness: BatchHarness, batch_id: int
) -> None:
    row = harness.row(batch_id, 4)
    assert (row.item_code, row.counted) == ("", 1)
    assert text_of(harness, batch_id, 4, "item_code") == "0123456789012345678901"


def test_editing_another_cell_keeps_the_issue(harness: BatchHarness, batch_id: int) -> None:
    harness.edit(batch_id, 3, remark="seen", counted="many")
    row = harness.row(batch_id, 3)
    assert (row.remark, text_of(harness, batch_id, 3, "counted")) == ("seen", "many")
    assert len(row.issues) == 1


def test_editing_a_bad_cell_clears_its_issue(harness: BatchHarness, batch_id: int) -> None:
    harness.edit(batch_id, 3, counted="9")
    row = harness.row(batch_id, 3)
    assert (row.counted, row.issues, row.status) == (9, None, "matches")
    assert harness.cells(batch_id) == [(3, 0, 3, "counted", "many", "9")]


def test_emptying_a_bad_cell_clears_its_issue(harness: BatchHarness, batch_id: int) -> None:
    assert harness.edit(batch_id, 3, counted="") == ["Counted"]
    assert (harness.row(batch_id, 3).issues, text_of(harness, batch_id, 3, "counted")) == (None, "")
    assert harness.cells(batch_id) == [(3, 0, 3, "counted", "many", None)]


# --- Two editors -----------------------------------------------------------------------------------------------------


def test_a_stale_edit_shows_both_values_and_stores_neither(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    harness.by("ann").edit(batch_id, 2, 1, counted="8")
    before = unchanged(engine)
    with pytest.raises(StaleEdit) as caught:
        harness.by("bob").edit(batch_id, 2, 1, counted="10", remark="")
    assert unchanged(engine) == before
    stale = caught.value
    assert (stale.mine, stale.theirs, stale.version) == ({"counted": "10"}, {"counted": "8"}, 2)
    assert stale.message.startswith("Row 2 was changed by ann while you were editing it.")
    harness.by("bob").edit(batch_id, 2, stale.version, **stale.mine)
    assert harness.row(batch_id, 2).counted == 10
    assert harness.cells(batch_id) == [(3, 0, 2, "counted", "9", "8"), (4, 0, 2, "counted", "8", "10")]


def test_ones_own_change_in_another_tab_is_not_somebody_elses(harness: BatchHarness, batch_id: int) -> None:
    harness.by("ann").edit(batch_id, 2, 1, remark="dusty")
    harness.by("bob").edit(batch_id, 2, 2, counted="8")
    with pytest.raises(
        StaleEdit, match=r"Row 2 was changed by you in another tab or window while you were editing it here\."
    ):
        harness.by("bob").edit(batch_id, 2, 1, counted="10")
    with pytest.raises(StaleEdit, match=r"Row 2 was changed by ann while"):
        harness.by("bob").edit(batch_id, 2, 1, remark="clean")


def test_a_stale_form_that_wants_nothing_new_is_no_conflict(harness: BatchHarness, batch_id: int) -> None:
    harness.edit(batch_id, 2, 1, counted="8")
    assert harness.edit(batch_id, 2, 1, counted="8", remark="") == []


def test_a_stale_bad_text_is_shown_beside_the_other(harness: BatchHarness, batch_id: int) -> None:
    harness.edit(batch_id, 2, 1, counted="8")
    with pytest.raises(StaleEdit) as caught:
        harness.edit(batch_id, 2, 1, counted="lots")
    assert (caught.value.mine, caught.value.theirs) == ({"counted": "lots"}, {"counted": "8"})


def test_a_stale_removal_is_refused(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    harness.edit(batch_id, 2, 1, counted="8")
    before = unchanged(engine)
    with pytest.raises(StaleEdit) as caught:
        harness.remove(batch_id, 2, version=1)
    assert (caught.value.mine, caught.value.theirs, caught.value.version) == (
        {"row": "removed"},
        {"row": "changed"},
        2,
    )
    assert unchanged(engine) == before
    harness.remove(batch_id, 2, version=2)


def test_one_of_two_editors_at_the_same_moment_wins(harness: BatchHarness, batch_id: int) -> None:
    start = threading.Barrier(2)
    ends: dict[str, BaseException | list[str]] = {}

    def edit(counted: str) -> None:
        start.wait()
        try:
            ends[counted] = harness.edit(batch_id, 2, 1, counted=counted)
        except BaseException as problem:  # noqa: BLE001 - What it is, is asserted below.
            ends[counted] = problem

    threads = [threading.Thread(target=edit, args=(text,)) for text in ("10", "11")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [text for text, end in ends.items() if end == ["Counted"]]
    (lost,) = [text for text in ends if text != won]
    stale = ends[lost]
    assert isinstance(stale, StaleEdit)
    assert (stale.mine, stale.theirs) == ({"counted": lost}, {"counted": won})
    assert harness.row(batch_id, 2).counted == int(won)
    assert harness.cells(batch_id) == [(3, 0, 2, "counted", "9", won)]
    harness.assert_counted(batch_id)


# --- The header ------------------------------------------------------------------------------------------------------


def test_the_header_is_edited_and_written_down(harness: BatchHarness, batch_id: int) -> None:
    before = harness.batch(batch_id)
    assert harness.by("ann").edit_header(batch_id, before.version, notes="Ask Bob.", shelf="A") == ["Notes"]
    batch = harness.batch(batch_id)
    assert (batch.notes, batch.version) == ("Ask Bob.", before.version + 1)
    assert harness.operations(batch_id)[-1] == ("edit", "ann", "Changed Notes in the header.", 1)
    assert harness.cells(batch_id) == [(3, 0, 0, "notes", None, "Ask Bob.")]
    assert [row.looked_up for row in harness.rows(batch_id)] == [1] * 4


def test_a_field_that_decides_about_rows_refreshes_them(harness: BatchHarness, batch_id: int) -> None:
    harness.edit_header(batch_id, tolerance="1")
    assert harness.statuses(batch_id)[1] == "matches"
    assert [kind for kind, _, _, _ in harness.operations(batch_id)[-2:]] == ["edit", "refresh"]
    harness.assert_counted(batch_id)


def test_a_stale_header_shows_both_values(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    version = harness.batch(batch_id).version
    harness.edit_header(batch_id, version, notes="theirs", description="also")
    before = unchanged(engine)
    with pytest.raises(StaleEdit) as caught:
        harness.edit_header(batch_id, version, notes="mine")
    assert (caught.value.mine, caught.value.theirs) == ({"notes": "mine"}, {"notes": "theirs"})
    assert unchanged(engine) == before
    assert harness.edit_header(batch_id, caught.value.version, notes="mine") == ["Notes"]


def test_bad_header_texts_are_refused(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    before = unchanged(engine)
    with pytest.raises(CellProblems) as caught:
        harness.edit_header(batch_id, tolerance="-1", shelf="", notes="x")
    assert set(caught.value.problems) == {"tolerance", "shelf"}
    with pytest.raises(CellProblems, match="10001 characters: 10000 are the most"):
        harness.edit_header(batch_id, notes="x" * 10_001)
    with pytest.raises(BadInput, match="“state” is not a field that can be edited"):
        harness.edit_header(batch_id, state="executed")
    assert unchanged(engine) == before
    assert harness.batch(batch_id).state == State.OPEN
