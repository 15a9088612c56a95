"""Quick entry by commands: single texts, and scans from standard input, of which each is stored by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stdnum import ean

Run = Callable[..., Any]

#: Price changes into which prices are scanned, to have decimals that add up.
SCANNING = """
from batchbook.batches import QuickEntry
from batchbook.catalog.models import Product
from batchbook.types.price_change.handler import PriceChangeHandler


class Handler(PriceChangeHandler):
    quick_entry = QuickEntry(
        label="Scan", find=(Product.item_code,), key="item_code", adds="new_price", named_by=("description",)
    )
"""
LINES = "000000011\n\n0,5 * 12\nnothing\n000000011\r\n1*000000099\n"


@pytest.fixture
def scanning(opened: str, tmp_path: Path, swap_handler: Callable[[Path, str], None]) -> str:
    swap_handler(tmp_path / "batchbook.ini", SCANNING)
    return opened


def rows(batch: Run) -> dict[str, Any]:
    return {one["item_code"]: one["new_price"] for one in json.loads(batch("rows", 1, "--json").stdout)}


def test_a_text_is_entered(batch: Run, scanning: str) -> None:
    result = batch("enter", scanning, "11", "--as", "staff")
    assert result.stdout == "Batch 00000001: Row 1: 2.20 + 1 = 3.20 RYE BREAD.\n"
    result = json.loads(batch("enter", scanning, "2*11", "--as", "staff", "--json").stdout)
    assert (result["sequence"], result["added"], rows(batch)["000000011"]) == (1, False, "5.20")


def test_each_line_is_entered_by_itself_and_those_that_are_refused_are_told(
    batch: Run, scanning: str
) -> None:
    result = batch("scan", scanning, "--as", "staff", stdin=LINES)
    assert result.stdout == (
        "Line 1: Row 1: 2.20 + 1 = 3.20 RYE BREAD.\n"
        "Line 3: Row 2: 2.70 + 0.5 = 3.20 WHEAT BREAD.\n"
        "Line 5: Row 1: 3.20 + 1 = 4.20 RYE BREAD.\n"
    )
    assert result.stderr == (
        "Line 4: “nothing” was not found, so no row was added.\n"
        "Line 6: Row 5 has “cheap” as New price, to which nothing can be added. Correct it, then scan again.\n"
        "2 lines were refused, and 3 entered.\n"
    )
    assert (result.exit_code, rows(batch)["000000011"]) == (1, "4.20")
    history = json.loads(batch("history", scanning, "--json").stdout)
    assert sum("by quick entry of" in one["summary"] for one in history) == 3
    assert batch("undo", scanning, "--as", "staff").exit_code == 0
    assert rows(batch)["000000011"] == "3.20"


def test_elements_that_begin_with_their_separator_are_read(batch: Run, scanning: str) -> None:
    # Python takes the separator of GS1, GS, for white space.
    code = "0000000000011"
    line = f"\x1d01{code}{ean.calc_check_digit(code)}302\n"
    result = batch("scan", scanning, "--as", "staff", stdin=f" {line}\t\n")
    assert result.stdout == "Line 1: Row 1: 2.20 + 2 = 4.20 RYE BREAD.\n"


def test_programs_get_an_object_for_each_line(batch: Run, scanning: str) -> None:
    result = batch("scan", scanning, "--as", "staff", "--json", stdin=LINES)
    told = json.loads(result.stdout)
    assert [(one["line"], one["text"], "error" in one) for one in told] == [
        (1, "000000011", False), (3, "0,5 * 12", False), (4, "nothing", True), (5, "000000011", False), (6, "1*000000099", True)
    ]  # fmt: skip
    assert (told[0]["sequence"], told[0]["added"], result.exit_code) == (1, False, 1)
    assert batch("scan", scanning, "--as", "staff", stdin="12\n").exit_code == 0


def test_nothing_is_read_where_nothing_can_be_entered(batch: Run, scanning: str) -> None:
    for arguments, words in (
        ((9, "--as", "staff"), "There is no batch 00000009."),
        ((1, "--as", "auditor"), "the role of auditor does not allow that"),
        ((1, "--as", "nobody"), "There is no user called “nobody”"),
    ):
        result = batch("scan", *arguments, stdin=LINES)
        assert (result.exit_code, result.stdout) == (1, "")
        assert words in result.stderr
    batch("complete", 1, "--as", "staff")
    assert batch("scan", 1, "--as", "staff", stdin=LINES).stdout == ""
