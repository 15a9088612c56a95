"""The commands that export rows, files and worksheets, and apply worksheets."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine
from tests.batches.sheets import Book

Run = Callable[..., Any]


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


def test_rows_as_xlsx(batch: Run, opened: str, tmp_path: Path) -> None:
    target = tmp_path / "rows.xlsx"
    assert batch("rows", opened, "--format", "xlsx", "--output", target).exit_code == 0
    sheet = CalamineWorkbook.from_path(target).get_sheet_by_index(0).to_python()
    assert sheet[0][0] == "sequence"
    assert (len(sheet), sheet[4][sheet[0].index("description")]) == (6, "=ROLL")
    without = batch("rows", opened, "--format", "xlsx")
    assert (without.exit_code, "--format xlsx needs --output FILE." in without.stderr) == (2, True)


def test_rows_by_status(batch: Run, opened: str) -> None:
    rows = json.loads(batch("rows", opened, "--status", "decrease", "--json").stdout)
    assert [row["sequence"] for row in rows] == [2]
    assert json.loads(batch("rows", opened, "--status", "duplicate", "--json").stdout) == []
    unknown = batch("rows", opened, "--status", "rising")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "no status “rising”. Their statuses: unchanged, increase" in unknown.stderr


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
    assert result.stderr == "Batch 00000001 was not created from a file, so there is none to download.\n"


def test_files_that_an_execution_made_are_downloaded_by_name(
    batch: Run, catalogue: Engine, tmp_path: Path
) -> None:
    batch("create", "labels", "--set", "department=BAKERY", "--as", "staff")
    assert json.loads(batch("show", 1, "--json").stdout)["files"] == []
    none = batch("download", 1, "--name", "labels.pdf")
    assert (none.exit_code, none.stdout) == (1, "")
    assert none.stderr == "Batch 00000001 has no file “labels.pdf”. It has no files.\n"
    batch("complete", 1, "--as", "staff")
    options = ("files=pdf", "files=zpl", "print=no_barcode")
    chosen = [word for option in options for word in ("--option", option)]
    done = batch("execute", 1, *chosen, "--as", "admin")
    assert done.exit_code == 0, done.stderr
    files = json.loads(batch("show", 1, "--json").stdout)["files"]
    assert [file["role"] for file in files] == ["output", "output"]
    pdf, zpl = (file["name"] for file in files)
    assert re.search(rf"^Output +{re.escape(pdf)}, {re.escape(zpl)}$", batch("show", 1).stdout, re.MULTILINE)
    target = tmp_path / "labels.pdf"
    batch("download", 1, "--name", pdf, "--output", target, "--as", "auditor")
    assert target.read_bytes().startswith(b"%PDF")
    assert hashlib.sha256(target.read_bytes()).hexdigest() == files[0]["sha256"]
    assert batch("download", 1, "--name", zpl).stdout_bytes.startswith(b"^XA")
    wrong = batch("download", 1, "--name", "x.pdf")
    assert wrong.stderr == f"Batch 00000001 has no file “x.pdf”. Its files: {pdf}, {zpl}.\n"
    assert batch("download", 1).stderr.endswith(
        "was not created from a file, so there is none to download.\n"
    )


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
    output = batch("worksheet-apply", opened, file, "--dry-run", "--as", "staff").stdout
    assert output == (
        "2 cells would change.\n"
        "Row 1, new_price: “2.20” becomes “2.10”.\n"
        "Row 5, new_price: “cheap” becomes “1.20”.\n"
        "Row 4, new_price: “0.45” in the sheet was skipped: since the download the cell was changed to “0.50” in the batch.\n"
        "Row 2, new_price: skipped. “free” is not a number: use digits, with . as the decimal sign.\n"
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
    assert json.loads(batch("worksheet", opened, "--out", file, "--problems", "--json").stdout)["rows"] == 1
    book = Book.read(file.read_bytes())
    assert book.column("Status") == ["Invalid"]
    assert "“cheap” is not a number" in book[1, "Problems"]


@ONE
def test_the_commands_that_the_guide_shows(
    batch: Run, opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    guide = (ROOT / "docs" / "howto" / "worksheets.md").read_text()
    commands = re.findall(r"^\$ batchbook batch (.*)$", guide, re.MULTILINE)
    assert len(commands) == 3
    for line in commands:
        assert batch(*line.replace(" 12 ", f" {opened} ").split()).exit_code == 0, line


@ONE
def test_a_worksheet_that_cannot_be_applied(batch: Run, opened: str, snapshot: Run, tmp_path: Path) -> None:
    file = tmp_path / "sheet.xlsx"
    before = snapshot()
    file.write_text("no workbook")
    result = batch("worksheet-apply", opened, file, "--as", "staff")
    assert (result.exit_code, "“sheet.xlsx” is not a worksheet of a batch" in result.stderr) == (1, True)
    assert batch("worksheet", 2, "--out", tmp_path / "none.xlsx").exit_code == 1
    assert not (tmp_path / "none.xlsx").exists()
    assert batch("worksheet-apply", opened, file, "--as", "auditor").exit_code == 1
    assert snapshot() == before
