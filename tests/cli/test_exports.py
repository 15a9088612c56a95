"""Lists and rows are exported as pages do it: with filters, and by those who may see them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine

Run = Callable[..., Any]


@pytest.fixture
def batch(batchbook: Run, catalogue: Engine, price_list: Path) -> None:
    """An open batch made from the price list."""
    options = ("--file", price_list, "--as", "staff")
    assert batchbook("batch", "create", "price_change", *options).exit_code == 0


def column(path: Path, heading: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [record[heading] for record in csv.DictReader(file)]


@pytest.mark.usefixtures("batch")
def test_a_list_and_rows_are_written_with_filters(batchbook: Run, tmp_path: Path) -> None:
    path, book = tmp_path / "products.csv", tmp_path / "rows.XLSX"
    query = "?f.item_code.contains=0000001&sort=-item_code"
    written = batchbook("export", "products", "--output", path, "--filter", query, "--as", "staff")
    assert written.exit_code == 0, written.stderr
    codes = column(path, "Item code")
    assert written.stdout == f"Wrote {len(codes)} rows to {path}.\n"
    assert codes == sorted(codes, reverse=True)
    assert codes
    assert all("0000001" in code for code in codes)
    query = "f.status.equal=increase"
    assert batchbook("export", 1, "--output", book, "--filter", query, "--as", "staff").exit_code == 0
    heading, *rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python()
    assert {row[heading.index("Status")] for row in rows} == {"Increase"}


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_cannot_be_exported(batchbook: Run, tmp_path: Path) -> None:
    path = tmp_path / "exported.csv"
    for arguments, words in (
        (
            ("prodcuts", "--as", "staff"),
            "There is no list “prodcuts”. Did you mean “products”? The lists are: audit, audit-effects,",
        ),
        (("users", "--as", "staff"), "staff may no longer see this"),
        (("9", "--as", "staff"), "There is no batch 00000009"),
        (("products", "--as", "nobody"), "There is no user called “nobody”"),
        (("products", "--filter", "f.colour.equal=red", "--as", "staff"), "Nothing was done."),
    ):
        refused = batchbook("export", *arguments, "--output", path)
        assert refused.exit_code == 1, arguments
        assert words in refused.stderr
    assert not path.exists()
