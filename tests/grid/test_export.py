from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Row, create_engine, literal, select
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.orm import Session

from batchbook.grid import Column, Grid, GridState, Kind, columns_of, csv_chunks, xlsx_file
from batchbook.grid import export as export_module

from .harness import NAMES, Article

COLUMNS = columns_of(Article, NAMES)


def rows_of(*names_and_values: tuple[Column, Any]) -> Sequence[Row[Any]]:
    """Rows as a query returns them, with any value at all."""
    with create_engine("sqlite://").connect() as connection:
        parts = [literal(value).label(column.name) for column, value in names_and_values]
        return connection.execute(select(*parts)).all()


def column(name: str) -> Column:
    return next(column for column in COLUMNS if column.name == name)


def lines(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_says_what_the_grid_shows(db: Session, grid: Grid) -> None:
    found = lines(b"".join(csv_chunks(COLUMNS, grid.all_rows(db, GridState(), None))))
    assert found[0] == ["Code", "Name", "Price", "Stock", "Active", "Listed", "Seen at", "State", "Kept by"]
    assert found[1] == [
        "0007",
        "Brie 100% fat",
        "4.50",
        "12",
        "Yes",
        "2026-01-05",
        "2026-01-05 23:30:00",
        "Brand new",
        "ann",
    ]
    assert found[3] == ["0100", "under_score", "", "0", "", "", "", "", ""]
    assert len(found) == 7


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_csv_runs_no_formula(text: str) -> None:
    name = column("name")
    assert lines(b"".join(csv_chunks([name], rows_of((name, text)))))[1] == [f"'{text}"]


@pytest.mark.parametrize("text", ["'ABC", "''=x", " leading", "\u00a0x"])
def test_csv_keeps_what_readers_of_tables_leave_out(text: str) -> None:
    name = column("name")
    assert lines(b"".join(csv_chunks([name], rows_of((name, text)))))[1] == [f"'{text}"]


def test_blanks_alone_are_an_empty_cell() -> None:
    name = column("name")
    assert lines(b"".join(csv_chunks([name], rows_of((name, " \t")))))[1] == [" \t"]


def test_csv_headings_run_no_formula() -> None:
    assert lines(b"".join(csv_chunks([replace(column("name"), label="=1")], [])))[0] == ["'=1"]


def test_csv_leaves_numbers_and_plain_texts_alone() -> None:
    stock, name = column("stock"), column("name")
    rows = rows_of((stock, -1234567), (name, 'a "b", c = d'))
    assert lines(b"".join(csv_chunks([stock, name], rows)))[1] == ["-1234567", 'a "b", c = d']


def test_each_cell_is_written_by_itself_whatever_stands_above_it() -> None:
    """Rows are written together, and values of one column may be of any type that a database has kept."""
    name, price, state = column("name"), column("price"), column("state")
    values: list[tuple[Any, Any, Any]] = [
        ("Brie", Decimal("4.50"), "new"),
        ("=1+1", Decimal("4.5"), "new"),
        (None, Decimal("1E+3"), None),
        ("", Decimal("12345678.90"), "gone"),
        (7, Decimal("0.123456"), "=x"),
        ("é", Decimal("-0.05"), 1),
    ]
    rows = IteratorResult(SimpleResultMetaData(["name", "price", "state"]), iter(values * 50)).all()
    alone = [lines(b"".join(csv_chunks((name, price, state), [row])))[1] for row in rows[: len(values)]]
    assert lines(b"".join(csv_chunks((name, price, state), rows)))[1:] == alone * 50
    assert alone == [
        ["Brie", "4.50", "Brand new"],
        ["'=1+1", "4.50", "Brand new"],
        ["", "1000.00", ""],
        ["", "12345678.90", "gone"],
        ["7", "0.123456", "'=x"],
        ["é", "-0.05", "1"],
    ]


def test_csv_comes_in_chunks() -> None:
    name = column("name")
    row = rows_of((name, "x" * 1000))[0]
    sizes = [len(chunk) for chunk in csv_chunks([name], (row for _ in range(1000)))]
    assert len(sizes) > 10
    assert max(sizes) < 70_000


def sheets(file: Any) -> list[list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(file)
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def test_xlsx_says_what_the_grid_shows(db: Session, grid: Grid) -> None:
    with xlsx_file(COLUMNS, grid.all_rows(db, GridState(), None)) as file:
        (found,) = sheets(file)
    assert found[0] == ["Code", "Name", "Price", "Stock", "Active", "Listed", "Seen at", "State", "Kept by"]
    assert found[1] == [
        "0007", "Brie 100% fat", 4.5, 12.0, True, date(2026, 1, 5), datetime.fromisoformat('2026-01-05 23:30'), "Brand new", "ann",
    ]  # fmt: skip
    assert found[3][:4] == ["0100", "under_score", "", 0.0]


@pytest.mark.parametrize(
    "text",
    [
        "0007",
        "=1+1",
        "{=1}",
        "https://example.org",
        "mailto:a@b.c",
        "internal:A1",
        "1e5",
        "<b>&\x01",
        "<r><t>x</t></r>",
    ],
)
def test_xlsx_keeps_texts_as_texts(text: str) -> None:
    name = column("name")
    with xlsx_file([name], rows_of((name, text))) as file:
        assert sheets(file)[0][1] == [text]
        sheet = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet


@pytest.mark.parametrize("text", ["'ABC", "\t=1", " leading", '="007"'])
def test_xlsx_keeps_what_readers_of_tables_leave_out(text: str) -> None:
    name = column("name")
    with xlsx_file([name], rows_of((name, text))) as file:
        assert sheets(file)[0][1] == [f"'{text}"]


def test_xlsx_writes_what_excel_cannot_hold_as_text() -> None:
    price, listed, name = column("price"), column("listed"), column("name")
    values = ((price, Decimal("12345678901234567.89")), (listed, date(1850, 1, 2)), (name, "x" * 40_000))
    rows = rows_of((name, values[2][1]))
    with xlsx_file([name], rows) as file:
        text = sheets(file)[0][1][0]
    assert len(text) == 32_767
    assert text.endswith("holds no more)")
    holder = Column("huge", "Huge", literal(1), Kind.INTEGER)
    with xlsx_file(
        [holder, listed], rows_of((holder, 5901234123457123456), (listed, date(1850, 1, 2)))
    ) as file:
        assert sheets(file)[0][1] == ["5901234123457123456", "1850-01-02"]


def test_xlsx_shows_decimals_with_their_scale() -> None:
    price = column("price")
    with xlsx_file([price], rows_of((price, 4))) as file:
        assert b'formatCode="#,##0.00"' in zipfile.ZipFile(file).read("xl/styles.xml")


def test_xlsx_begins_another_sheet_when_one_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "_SHEET_ROWS", 2)
    stock = column("stock")
    rows = [rows_of((stock, number))[0] for number in range(5)]
    with xlsx_file([stock], rows) as file:
        assert sheets(file) == [[["Stock"], [0.0], [1.0]], [["Stock"], [2.0], [3.0]], [["Stock"], [4.0]]]


def test_moments_are_written_in_utc() -> None:
    seen = column("seen_at")
    with xlsx_file([seen], [_zoned_row(seen)]) as file:
        assert sheets(file)[0][1] == [datetime.fromisoformat("2026-01-01 23:00")]


def _zoned_row(seen: Column) -> Row[Any]:
    moment = datetime(2026, 1, 2, 0, 0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    with create_engine("sqlite://").connect() as connection:
        return connection.execute(select(literal(moment, Article.seen_at.type).label(seen.name))).one()
