"""What the commands show of batches, and to whom."""

from __future__ import annotations

import csv
import hashlib
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
    assert "unchanged, increase, decrease, not_in_catalogue, duplicate, invalid" in printed


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
    assert "Vendor code  V1" in lines
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
    shown = json.loads(batch("show", completed, "--json").stdout)
    assert shown["execution_outcome"]["figures"] == {"applied": 2, "left_out": 3}
    assert shown["execution"] == {"why_not": [], "description": []}
    assert "  2 prices changed, 3 rows left out." in batch("show", completed).stdout.splitlines()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_show_of_a_batch_without_rows(batch: Run, price_list: Path) -> None:
    batch("create", "price_change", "--file", price_list, "--no-populate", "--as", "staff")
    assert "It has no rows yet: populate it first." in batch("show", 1).stdout
    batch("create", "price_change", "--set", "percent=1", "--set", "vendor_code=V2", "--as", "staff")
    batch("remove-row", 2, 1, "--as", "staff")
    assert "None of its rows raises or lowers a price" in batch("show", 2).stdout


def test_rows_as_csv(batch: Run, opened: str, csv_text: Run) -> None:
    result = batch("rows", opened)
    assert batch("rows", opened, "--format", "csv").stdout_bytes == result.stdout_bytes
    rows = list(csv.DictReader(csv_text(result)))
    assert [row["sequence"] for row in rows] == ["1", "2", "3", "4", "5"]
    first = rows[0]
    assert (first["item_code"], first["old_price"], first["new_price"]) == ("000000011", "2.00", "2.20")
    assert [row["status"] for row in rows] == [
        "increase",
        "decrease",
        "unchanged",
        "not_in_catalogue",
        "invalid",
    ]
    # A spreadsheet program must not run what a vendor wrote.
    assert rows[3]["description"] == "'=ROLL"


def test_rows_as_json(batch: Run, opened: str) -> None:
    result = batch("rows", opened, "--format", "json")
    assert batch("rows", opened, "--json").stdout == result.stdout
    rows = json.loads(result.stdout)
    assert rows[0]["sequence"] == 1
    assert (rows[0]["item_code"], rows[0]["new_price"], rows[0]["issues"]) == ("000000011", "2.20", None)
    assert rows[3]["description"] == "=ROLL"
    assert (rows[4]["new_price"], rows[4]["issues"][0]["raw"]) == (None, "cheap")
    assert "batch_id" not in rows[0]


def test_rows_by_status(batch: Run, opened: str) -> None:
    rows = json.loads(batch("rows", opened, "--status", "decrease", "--json").stdout)
    assert [row["sequence"] for row in rows] == [2]
    assert json.loads(batch("rows", opened, "--status", "duplicate", "--json").stdout) == []
    unknown = batch("rows", opened, "--status", "rising")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "no status “rising”. Their statuses: unchanged, increase" in unknown.stderr


def test_history(batch: Run, opened: str) -> None:
    batch("set", opened, 1, "new_price", "2.30", "--as", "admin")
    found = json.loads(batch("history", opened, "--json").stdout)
    assert [(item["number"], item["actor"], item["cells"]) for item in found] == [
        (1, "staff", 0),
        (2, "staff", 0),
        (3, "admin", 1),
    ]
    assert (
        batch("history", opened).stdout.splitlines()[2].endswith("admin         Changed New price in row 1.")
    )


def test_download(batch: Run, opened: str, price_list: Path, tmp_path: Path) -> None:
    assert batch("download", opened).stdout_bytes == price_list.read_bytes()
    target = tmp_path / "copy.csv"
    result = batch("download", opened, "--output", target, "--json")
    assert json.loads(result.stdout) == {
        "name": "list.csv",
        "size": len(price_list.read_bytes()),
        "sha256": hashlib.sha256(price_list.read_bytes()).hexdigest(),
        "output": str(target),
    }
    assert target.read_bytes() == price_list.read_bytes()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_refused_download_makes_no_file(batch: Run, opened: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.csv"
    assert batch("download", opened, "--output", target, "--as", "auditor").exit_code == 1
    assert not target.exists()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_download_where_there_is_no_file(batch: Run) -> None:
    batch("create", "price_change", "--set", "percent=1", "--as", "staff")
    result = batch("download", 1)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Batch 00000001 was not made from a file, so there is none to download.\n"


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
