"""The commands that list batch types, batches and operations, and show a batch; and to whom."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def numbers(result: Any) -> list[int]:
    assert result.exit_code == 0, result.stderr
    return [item["id"] for item in json.loads(result.stdout)]


@pytest.fixture
def two(batch: Run, executed: str) -> None:
    """An executed batch, 1, and an open one, 2."""
    assert batch("clone", executed, "--as", "staff").exit_code == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_types(batch: Run) -> None:
    found = next(one for one in json.loads(batch("types", "--json").stdout) if one["type"] == "price_change")
    assert (found["type"], found["title"]) == ("price_change", "Price change")
    assert found["row_fields"] == ["item_code", "new_price"]
    assert "warn_above" in found["fields"]
    assert found["options"] == ["apply", "overwrite"]
    printed = batch("types").stdout
    assert "price_change (Price change)\n" in printed
    assert (
        "other_vendor, other_department, inactive, changed_since, no_cost, not_in_catalogue, duplicate, invalid"
        in printed
    )


def test_list_filters(batch: Run, two: None) -> None:
    assert numbers(batch("list", "--json")) == [2, 1]
    assert numbers(batch("list", "--state", "open", "--json")) == [2]
    assert numbers(batch("list", "--type", "price_change", "--state", "executed", "--json")) == [1]
    assert numbers(batch("list", "--state", "new", "--json")) == []
    lines = batch("list").stdout.splitlines()
    assert [line.split()[:5] for line in lines] == [
        ["00000002", "price_change", "open", "5", "rows"],
        ["00000001", "price_change", "executed", "5", "rows"],
    ]


def test_an_auditor_sees_executed_batches_only(batch: Run, two: None) -> None:
    assert numbers(batch("list", "--as", "auditor", "--json")) == [1]
    assert numbers(batch("list", "--as", "staff", "--json")) == [2, 1]
    for reading in ("show", "rows", "history", "download"):
        assert batch(reading, 1, "--as", "auditor").exit_code == 0
        refused = batch(reading, 2, "--as", "auditor")
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert ": the role of auditor does not allow that. Nothing was changed." in refused.stderr
    assert json.loads(batch("show", 1, "--as", "auditor", "--json").stdout)["actions"] == ["view", "download"]


def test_show(batch: Run, opened: str) -> None:
    lines = batch("show", opened).stdout.splitlines()
    assert lines[0] == "Batch 00000001 · Price change · open"
    assert "Vendor code            V1" in lines
    counts = lines[lines.index("Rows by status") + 1 :][:5]
    assert [line.split() for line in counts] == [
        ["=", "Unchanged", "1"],
        ["▲", "Increase", "1"],
        ["▼", "Decrease", "1"],
        ["?", "Not", "in", "catalogue", "1"],
        ["✕", "Invalid", "1"],
    ]
    assert len({len(line) for line in counts}) == 1
    execution = lines[lines.index("Execution") + 1 :]
    assert execution[0].startswith("  2 products get a new price")
    assert execution[-1] == "  It is still open for changes: mark it complete first."


def test_show_follows_the_life(batch: Run, completed: str) -> None:
    assert json.loads(batch("show", completed, "--json").stdout)["execution"]["why_not"] == []
    batch("execute", completed, "--as", "admin")
    data = json.loads(batch("show", completed, "--json").stdout)
    assert data["execution_outcome"]["figures"] == {"applied": 2, "unchanged": 1, "left_out": 2}
    assert data["execution"] == {"why_not": [], "description": []}
    assert "  2 prices changed, 1 unchanged, 2 rows left out." in batch("show", completed).stdout.splitlines()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_show_of_a_batch_without_rows(batch: Run, price_list: Path) -> None:
    batch("create", "price_change", "--file", price_list, "--no-populate", "--as", "staff")
    assert "It has no rows yet: populate it first." in batch("show", 1).stdout
    batch("create", "price_change", "--set", "percent=1", "--set", "vendor_code=V2", "--as", "staff")
    batch("remove-row", 2, 1, "--as", "staff")
    assert "None of its rows raises or lowers a price" in batch("show", 2).stdout


def test_history(batch: Run, opened: str) -> None:
    batch("set", opened, 1, "new_price", "2.30", "--as", "admin")
    found = json.loads(batch("history", opened, "--json").stdout)
    assert [(item["number"], item["actor"], item["cells"]) for item in found] == [
        (1, "staff", 0),
        (2, "staff", 0),
        (3, "admin", 1),
    ]
    assert (
        batch("history", opened)
        .stdout.splitlines()[2]
        .endswith("admin (by command)  Changed New price in row 1.")
    )


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("number", ["1", "01", "00000001"])
def test_numbers_with_and_without_zeros(batch: Run, opened: str, number: str) -> None:
    assert json.loads(batch("show", number, "--json").stdout)["id"] == 1


@pytest.mark.parametrize("number", ["0", "2", "99999999999"])
def test_numbers_that_no_batch_has(batch: Run, opened: str, number: str) -> None:
    for reading in ("show", "rows", "history", "download"):
        result = batch(reading, number)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("There is no batch ")


#: Sets the title of the window; then red.
NAME = "a\x1b]0;owned\x07\x1b[31m\x9b1mlist.csv"


@pytest.fixture
def hostile(price_list: Path, tmp_path: Path) -> Path:
    """The price list, by a name full of control characters."""
    path = tmp_path / NAME
    path.write_bytes(price_list.read_bytes())
    return path


def assert_harmless(text: str) -> None:
    assert all(character.isprintable() or character == "\n" for character in text), text


def test_names_and_descriptions_in_what_is_printed(batch: Run, hostile: Path, tmp_path: Path) -> None:
    arguments = ("--file", hostile, "--description", "red \x1b[31m\x07\nalert", "--as", "staff")
    assert batch("create", "price_change", *arguments).exit_code == 0
    copied = batch("download", 1, "--output", tmp_path / f"copy of {NAME}")
    assert "list.csv" in copied.stdout
    assert (tmp_path / f"copy of {NAME}").read_bytes() == hostile.read_bytes()
    for result in (copied, batch("list"), batch("show", 1), batch("history", 1)):
        assert result.exit_code == 0
        assert_harmless(result.stdout)
    assert len(batch("list").stdout.splitlines()) == 1


def test_what_a_refusal_quotes(batch: Run, hostile: Path, opened: str) -> None:
    hostile.write_text("")
    for refused in (
        batch("create", "price_change", "--file", hostile, "--as", "staff"),
        batch("set", opened, 1, "new_price", NAME, "--as", "staff"),
        batch("rows", opened, "--status", NAME),
    ):
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "list.csv" in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert_harmless(refused.stderr)
