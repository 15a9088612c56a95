"""The commands that edit rows and headers, remove rows, and correct similar cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.batches.changed_cells import ChangedCell
from batchbook.db.transactions import transaction_scope

Run = Callable[..., Any]


def show(batch: Run) -> Any:
    return json.loads(batch("show", 1, "--json").stdout)


def row(batch: Run, sequence: int, *options: str) -> Any:
    rows = json.loads(batch("rows", 1, "--json", *options).stdout)
    return next((found for found in rows if found["sequence"] == sequence), None)


def test_set_a_cell(batch: Run, catalogue: Engine, opened: str) -> None:
    result = batch("set", opened, 1, "new_price", "1.99", "--as", "staff")
    assert result.stdout == "Row 1 of Batch 00000001: changed New price.\n"
    assert (row(batch, 1)["new_price"], row(batch, 1)["status"]) == ("1.99", "decrease")
    assert show(batch)["status_counts"]["decrease"] == 2
    with transaction_scope(catalogue, read_only=True) as session:
        change = session.scalars(select(ChangedCell)).one()
    assert (change.sequence, change.field, change.old, change.new) == (1, "new_price", "2.20", "1.99")


def test_set_what_is_there_changes_nothing(batch: Run, snapshot: Run, opened: str) -> None:
    before = snapshot()
    result = batch("set", opened, 1, "new_price", "2.20", "--as", "staff", "--json")
    assert json.loads(result.stdout)["changed"] is False
    assert snapshot() == before


def test_a_value_may_be_empty_or_begin_with_a_hyphen(batch: Run, opened: str) -> None:
    assert batch("set", opened, 1, "new_price", "", "--as", "staff").exit_code == 0
    assert (row(batch, 1)["new_price"], row(batch, 1)["status"]) == (None, "invalid")
    assert batch("set", "--as", "staff", "--", opened, 1, "item_code", "-x-").exit_code == 0
    assert row(batch, 1)["item_code"] == "-x-"


#: Changes of an open batch that are refused, each with a part of the message.
REFUSED: tuple[tuple[tuple[object, ...], str], ...] = (
    (("set", 1, 1, "new_price", "abc"), "new_price: “abc” is not a number"),
    (("set", 1, 1, "new_price", "0"), "0.01"),
    (("set", 1, 1, "new_price", "-5"), "0.01"),
    (("set", 1, 1, "old_price", "1.00"), "“old_price” is not a field that can be edited."),
    (("set", 1, 6, "new_price", "1.00"), "Batch 00000001 has no row 6."),
    (("set", 1, 99999999999, "new_price", "1.00"), "has no row 99999999999."),
    (("set", 2, 1, "new_price", "1.00"), "There is no batch 00000002."),
    (("edit", 1, "--set", "state=executed"), "“state” is not a field that can be edited."),
    (("edit", 1, "--set", "warn_above=-1"), "warn_above: “-1” is too small"),
    (("add-row", 1, "--set", "price=1.00"), "“price” is not a field that can be edited."),
    (("add-row", 1, "--set", "new_price=x"), "“x” is not a number"),
    (("restore-row", 1, 1), "Row 1 is not removed; nothing was changed."),
    (("remove-row", 1, 6), "has no row 6."),
    (("enter", 1, "000000011"), "“000000011” was not found, so no row was added."),
    (("remove-rows", 1, "--status", "duplicate"), "No rows match any more, so none was removed."),
    (("remove-rows", 1, "--status", "bogus"), "no status “bogus”"),
)


def test_an_edit_that_is_refused(batch: Run, snapshot: Run, opened: str) -> None:
    before = snapshot()
    for arguments, sentence in REFUSED:
        result = batch(*arguments, "--as", "staff", "--json")
        assert (arguments, result.exit_code, result.stdout) == (arguments, 1, "")
        assert sentence in result.stderr
        assert result.stderr.count("\n") == 1
    assert snapshot() == before


def test_edit_the_header(batch: Run, opened: str) -> None:
    arguments = ("--set", "warn_above=5", "--set", "notes=a=b", "--as", "staff")
    assert batch("edit", opened, *arguments).stdout.startswith("Batch 00000001: changed ")
    assert (show(batch)["fields"]["warn_above"], show(batch)["fields"]["notes"]) == ("5.00", "a=b")
    # The limit decides about the rows, so they were refreshed.
    assert row(batch, 1)["over_limit"] is True


def test_add_a_row(batch: Run, opened: str) -> None:
    arguments = ("--set", "item_code=000000099", "--set", "new_price=1.20", "--as", "staff")
    result = batch("add-row", opened, *arguments, "--json")
    data = json.loads(result.stdout)
    assert (data["sequence"], data["message"]) == (6, "Row 6 was added to Batch 00000001.")
    # The list has that item already, without a usable price.
    assert (row(batch, 6)["status"], row(batch, 6)["old_price"]) == ("duplicate", "1.10")
    assert show(batch)["row_count"] == 6


def test_remove_and_restore_a_row(batch: Run, opened: str) -> None:
    assert (
        batch("remove-row", opened, 1, "--as", "staff").stdout == "Row 1 was removed from Batch 00000001.\n"
    )
    assert row(batch, 1) is None
    assert row(batch, 1, "--removed")["item_code"] == "000000011"
    assert (show(batch)["row_count"], show(batch)["removed_count"]) == (5, 1)
    assert "increase" not in show(batch)["status_counts"]
    assert batch("set", opened, 1, "new_price", "9.99", "--as", "staff").exit_code == 1
    assert batch("restore-row", opened, 1, "--as", "staff").exit_code == 0
    assert row(batch, 1)["status"] == "increase"
    assert row(batch, 1, "--removed") is None


def test_undo_and_redo(batch: Run, opened: str) -> None:
    for arguments in (("set", opened, 1, "new_price", "9.99"), ("remove-row", opened, 2)):
        assert batch(*arguments, "--as", "staff").exit_code == 0
    undone = json.loads(batch("undo", opened, "--as", "staff", "--json").stdout)
    assert (undone["message"], undone["cells"]) == ("Batch 00000001: Undid: Removed row 2.", 1)
    number = undone["operation"] - 2
    assert batch("undo", opened, "--operation", number, "--as", "staff").stdout.endswith("in row 1.\n")
    assert row(batch, 1)["new_price"] != "9.99"
    none = batch("undo", opened, "--as", "staff")
    assert (none.exit_code, "There is nothing to undo" in none.stderr) == (1, True)
    for _ in range(2):
        assert batch("redo", opened, "--as", "staff").exit_code == 0
    assert (row(batch, 1)["new_price"], row(batch, 2)) == ("9.99", None)


def test_remove_rows_by_status(batch: Run, opened: str) -> None:
    result = batch("remove-rows", opened, "--status", "not_in_catalogue", "--as", "staff", "--json")
    assert json.loads(result.stdout)["removed"] == 1
    assert row(batch, 4) is None
    assert show(batch)["removed_count"] == 1


def test_restore_rows(batch: Run, opened: str) -> None:
    for status in ("not_in_catalogue", "increase"):
        assert batch("remove-rows", opened, "--status", status, "--as", "staff").exit_code == 0
    before = show(batch)
    none = batch("restore-rows", opened, "--status", "decrease", "--as", "staff")
    assert (none.exit_code, none.stderr.strip()[-44:]) == (1, "No removed rows match, so none was restored.")
    result = batch("restore-rows", opened, "--status", "increase", "--as", "staff")
    assert result.stdout == "1 row was restored to Batch 00000001.\n"
    assert (before["removed_count"], show(batch)["removed_count"]) == (2, 1)
    assert row(batch, 1)["status"] == "increase"
    assert json.loads(batch("restore-rows", opened, "--as", "staff", "--json").stdout)["restored"] == 1
    assert show(batch)["removed_count"] == 0


pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


CHEAP = ("--field", "new_price", "--text", "cheap", "--as", "staff")


def test_list_problems(batch: Run, opened: str) -> None:
    first, line = batch("problems", opened).stdout.splitlines()
    assert first == "Batch 00000001 has 1 problem in 1 row."
    assert line.startswith("✕ new_price “cheap” (not-a-number; 1 row, number 5): “cheap” is not a number")
    data = json.loads(batch("problems", opened, "--json", "--as", "staff").stdout)
    assert (data["count"], data["rows"], data["codes"]) == (1, 1, {"not-a-number": 1})
    (group,) = data["groups"]
    assert (group["field"], group["text"], group["count"], group["rows"]) == ("new_price", "cheap", 1, [5])


def test_fix_all_alike(batch: Run, snapshot: Run, opened: str) -> None:
    before = snapshot()
    preview = batch("fix", opened, *CHEAP, "--with", "0.99", "--dry-run")
    assert preview.stdout == (
        "Batch 00000001: new_price would become “0.99” instead of “cheap” in 1 row: 5. Nothing was changed.\n"
    )
    assert snapshot() == before
    fixed = batch("fix", opened, *CHEAP, "--with", "0.99", "--code", "not-a-number")
    assert fixed.stdout == "Batch 00000001: Changed 1 cell in 1 row.\n"
    assert batch("problems", opened).stdout == "Batch 00000001 has no problems.\n"


def test_what_cannot_be_fixed_is_refused_in_a_sentence(batch: Run, snapshot: Run, opened: str) -> None:
    before = snapshot()
    refusals = {
        (*CHEAP, "--with", "dear"): "“dear” is not a number",
        (*CHEAP, "--with", "dear", "--dry-run"): "“dear” is not a number",
        (*CHEAP, "--with", "1", "--code", "x"): "No cell has this problem",
        ("--field", "old_price", "--text", "", "--with", "1", "--as", "staff"): "“old_price” is not a field",
        (*CHEAP[:-1], "auditor", "--with", "1"): "the role of auditor does not allow that",
    }
    for options, words in refusals.items():
        result = batch("fix", opened, *options)
        assert (result.exit_code, words in result.stderr) == (1, True), result.stderr
    assert snapshot() == before
