"""A batch's rows as a workbook and back, by the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.sheets import Book

Run = Callable[..., Any]

ROOT = Path(__file__).parents[3]
ONE = pytest.mark.parametrize("backend", ["sqlite"])


@ONE
def test_a_worksheet_goes_out_and_comes_back(
    batch: Run, catalogue: Engine, opened: str, snapshot: Run, tmp_path: Path
) -> None:
    file = tmp_path / "sheet.xlsx"
    result = batch("worksheet", opened, "--out", file)
    assert result.stdout == f"Wrote 5 rows of Batch 00000001 to {file}.\n"
    book = Book.read(file.read_bytes())
    assert book.column("New price") == ["2.20", "2.70", "0.50", "0.40", "cheap"]
    book[1, "New price"], book[5, "New price"], book[2, "New price"] = "2.10", "1.20", "free"
    book[4, "New price"] = "0.45"
    batch("set", opened, 4, "new_price", "0.50", "--as", "staff")
    file.write_bytes(book.save())
    before = snapshot()
    said = batch("worksheet-apply", opened, file, "--dry-run", "--as", "staff").stdout
    assert said == (
        "2 cells would be taken from the worksheet.\n"
        "Row 1, new_price: “2.20” becomes “2.10”.\n"
        "Row 5, new_price: “cheap” becomes “1.20”.\n"
        "Row 4, new_price: “0.45” in the sheet is not taken, because it was changed in the batch since, to “0.50”.\n"
        "Row 2, new_price: not taken. “free” is not a number: use digits, with . as the decimal sign.\n"
    )
    assert snapshot() == before
    facts = json.loads(batch("worksheet-apply", opened, file, "--as", "staff", "--json").stdout)
    assert (facts["rows"], facts["cells"]) == (2, 2)
    assert [change["sequence"] for change in facts["conflicts"]] == [4]
    prices = [row["new_price"] for row in json.loads(batch("rows", 1, "--json").stdout)]
    assert prices == ["2.10", "2.70", "0.50", "0.50", "1.20"]


@ONE
def test_only_rows_with_problems(batch: Run, opened: str, tmp_path: Path) -> None:
    file = tmp_path / "sheet.xlsx"
    assert json.loads(batch("worksheet", opened, "--out", file, "--problems", "--json").stdout)["rows"] == 2
    book = Book.read(file.read_bytes())
    assert book.column("Status") == ["Not in catalogue", "Invalid"]
    assert "“cheap” is not a number" in book[2, "Problems"]


@ONE
def test_what_is_refused(batch: Run, opened: str, snapshot: Run, tmp_path: Path) -> None:
    file = tmp_path / "sheet.xlsx"
    before = snapshot()
    file.write_text("no workbook")
    result = batch("worksheet-apply", opened, file, "--as", "staff")
    assert (result.exit_code, "“sheet.xlsx” is not a worksheet of a batch" in result.stderr) == (1, True)
    assert batch("worksheet", 2, "--out", tmp_path / "none.xlsx").exit_code == 1
    assert not (tmp_path / "none.xlsx").exists()
    assert batch("worksheet-apply", opened, file, "--as", "auditor").exit_code == 1
    assert snapshot() == before


@ONE
def test_the_commands_that_the_guide_shows(
    batch: Run, opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    guide = (ROOT / "docs" / "howto" / "worksheets.md").read_text()
    shown = re.findall(r"^\$ batchbook batch (.*)$", guide, re.MULTILINE)
    assert len(shown) == 3
    for line in shown:
        assert batch(*line.replace(" 12 ", f" {opened} ").split()).exit_code == 0, line
