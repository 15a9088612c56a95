"""Sheets that are kept for the next reader."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import xlsxwriter

from batchbook.tables.formats import sheet_cache, workbooks
from batchbook.tables.inspection import inspect_table
from batchbook.tables.report import Reading, Report
from batchbook.tables.source import open_source

HEADINGS = frozenset({"code", "name"})


@pytest.fixture(autouse=True)
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Which sheets were really read, by the names of their files."""
    names: list[str] = []
    really = workbooks.WORKBOOKS["xlsx"]

    def opener(name: str, *arguments: Any) -> Any:
        names.append(name)
        return really(name, *arguments)

    monkeypatch.setitem(workbooks.WORKBOOKS, "xlsx", opener)
    sheet_cache.SHEET_CACHE.forget()
    yield names
    sheet_cache.SHEET_CACHE.forget()


def workbook(*cells: str, sheets: tuple[str, ...] = ("List",)) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    for sheet in map(book.add_worksheet, sheets):
        sheet.write_row(0, 0, ["code", "name"])
        for row, text in enumerate(cells, 1):
            sheet.write_row(row, 0, [f"00{row}", f"{text} of {sheet.name}"])
    book.close()
    return target.getvalue()


def look(data: bytes, name: str = "a.xlsx", requested: Reading | None = None) -> Report:
    return inspect_table(name, io.BytesIO(data), requested or Reading(), HEADINGS)


def cells_of(data: bytes, name: str, requested: Reading, size: int = 5_000) -> list[tuple[str, ...]]:
    opened = open_source(name, io.BytesIO(data), requested, HEADINGS)
    return [tuple(record) for chunk in opened.chunks(size) for record in chunk.records]


def test_what_was_looked_at_is_not_read_again(read: list[str]) -> None:
    data = workbook("one", "two", "three")
    report = look(data)
    assert read == ["a.xlsx"]
    assert look(data) == report
    # In whichever chunks, and under whichever name it comes again.
    for size in (1, 5_000):
        cells = cells_of(data, "b.xlsx", report.reading, size)
        assert cells == [("001", "one of List"), ("002", "two of List"), ("003", "three of List")]
    assert read == ["a.xlsx"]


def test_another_file_is_another_file(read: list[str]) -> None:
    reading = look(workbook("one")).reading
    assert cells_of(workbook("other"), "a.xlsx", reading) == [("001", "other of List")]
    assert read == ["a.xlsx", "a.xlsx"]


def test_another_sheet_is_another_sheet(read: list[str]) -> None:
    data = workbook("one", sheets=("List", "Last"))
    reading = look(data).reading
    assert cells_of(data, "a.xlsx", replace(reading, sheet="Last")) == [("001", "one of Last")]
    assert cells_of(data, "a.xlsx", reading) == [("001", "one of List")]
    assert len(read) == 2


def test_a_few_sheets_are_kept_and_none_that_is_too_large(
    read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    books = [workbook(str(number)) for number in range(sheet_cache.MOST_SHEETS + 1)]
    for data in [*books, *books[1:], books[0]]:
        look(data)
    assert len(read) == len(books) + 1
    monkeypatch.setattr(sheet_cache, "MOST_BYTES", 100)
    large = workbook("x" * 200)
    assert look(large) == look(large)
    assert len(read) == len(books) + 3


def test_what_was_noticed_is_told_again() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["code", "name"])
    sheet.write_row(1, 0, [1e16, "x"])
    sheet.merge_range(2, 0, 2, 1, "merged")
    book.close()
    first = look(target.getvalue())
    assert {"long-numbers", "merged-cells"} <= {note.code for note in first.notes}
    assert look(target.getvalue()) == first
