"""Cells become values, and records become rows with the issues of their cells."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import MetaData, String
from sqlalchemy.orm import Mapped, mapped_column
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches import Batch, BatchRow, editable
from batchbook.batches.intake import IntakeField, IntakeMapping
from batchbook.batches.intake.cell_reader import IntakeReader
from batchbook.batches.intake.file_source import rows_of
from batchbook.errors import BadInput
from batchbook.grid import columns_of
from batchbook.tables.report import Chunk, ColumnReading, Reading

ITEM, COUNTED, REMARK = (
    IntakeField(column.name, column)
    for column in columns_of(ShelfCountRow, ("item_code", "counted", "remark"))
)
BY_PLACE = {"item_code": 0, "counted": 1, "remark": 2}


def read(*records: tuple[str, ...], surplus: dict[int, list[str]] | None = None, **said: Any) -> list[Any]:
    """Return the rows that come of records, as a mapping by places and with what is said."""
    mapping = IntakeMapping(**{"columns": BY_PLACE, **said.pop("mapping", {})})
    reading = said.pop("reading", Reading(delimiter=","))
    reader = IntakeReader(ShelfCountRow, (ITEM, COUNTED, REMARK), reading, mapping, **said)
    return list(rows_of(reader.block(Chunk(range(2, len(records) + 2), records, surplus or {}))))


def test_cells_become_values_and_a_bad_one_is_named_with_its_text() -> None:
    rows = read((" 007 ", "7", ""), ("8", "seven", "x" * 10_001))
    assert rows[0] == {"item_code": "007", "counted": 7, "remark": None}
    assert (rows[1]["item_code"], rows[1]["counted"], rows[1]["remark"]) == ("8", None, None)
    assert [(i["field"], i["code"], i["raw"][:5]) for i in rows[1]["issues"]] == [
        ("counted", "not-a-whole-number", "seven"),
        ("remark", "too-long", "xxxxx"),
    ]


def test_a_cell_with_a_character_that_cannot_be_stored_keeps_its_row() -> None:
    (row,) = read(("x", "2\x00", "a\x00b"))
    assert (row["item_code"], row["counted"], row["remark"]) == ("x", None, None)
    assert [(i["field"], i["raw"]) for i in row["issues"]] == [("counted", "2�"), ("remark", "a�b")]


def test_what_is_understood_otherwise_than_it_stands_is_told() -> None:
    said = {"values": {"counted": {"a dozen": "12"}}, "widths": {"item_code": 3}}
    rows = read(("7", "a dozen", ""), ("7a", "N/A", ""), ("1234", "1,200", ""), mapping=said)
    assert [(row["item_code"], row["counted"]) for row in rows] == [("007", 12), ("7a", None), ("1234", 1200)]
    assert [[(i["field"], i["raw"], i["message"]) for i in row.get("issues", ())] for row in rows] == [
        [
            ("item_code", "7", "“7” in the file was read as “007”."),
            ("counted", "a dozen", "“a dozen” in the file was read as “12”."),
        ],
        [("counted", "N/A", "“N/A” in the file was treated as empty.")],
        [],
    ]
    assert {i["severity"] for row in rows for i in row.get("issues", ())} == {"info"}


def test_a_row_with_a_place_for_raw_texts_has_them_there(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"widths": {"item_code": 3}}
    rows = read(("7", "1", ""), ("008", "1", ""), mapping=said, raw="status_text", line="looked_up")
    assert [row["status_text"] for row in rows] == [{"item_code": "7"}, None]
    assert [row["looked_up"] for row in rows] == [2, 3]
    assert not any("issues" in row for row in rows)


def test_one_text_for_all_rows_and_columns_that_are_carried() -> None:
    said = {"columns": {"item_code": 0}, "constants": {"counted": "5"}, "carried": (2,)}
    rows = read(("007", "x", "a\x00"), mapping=said, carried=("remark",))
    assert rows == [{"item_code": "007", "counted": 5, "remark": "a�"}]


def test_columns_that_are_carried_lose_the_marks_that_their_reading_removes() -> None:
    said = {"columns": {"item_code": 0}, "constants": {"counted": "5"}, "carried": (2,)}
    marked = Reading(
        delimiter=",", columns=(ColumnReading(), ColumnReading(), ColumnReading(text_marks="formulas"))
    )
    rows = read(("007", "x", "'-5 LB"), ("8", "", "'  a"), reading=marked, mapping=said, carried=("remark",))
    assert [row["remark"] for row in rows] == ["-5 LB", "  a"]


def test_a_text_for_all_rows_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match=r"The text for Counted in all rows cannot be used\. “five” is not"):
        read(("1", "", ""), mapping={"columns": {"item_code": 0}, "constants": {"counted": "five"}})


def test_a_line_with_too_many_cells_gives_texts_only() -> None:
    rows = read(("009", "9", "x"), ("010", "1", ""), surplus={2: ["too", "long"], 3: ["", " "]})
    assert (rows[0]["counted"], rows[0]["remark"]) == (None, "x,too,long")
    (found,) = rows[0]["issues"]
    assert (found["field"], found["code"], found["raw"]) == ("counted", "too-many-cells", "9")
    assert "has 5 cells under 3 headings" in found["message"]
    assert rows[1] == {"item_code": "010", "counted": 1, "remark": None}


def test_the_sign_of_decimals_is_that_of_the_column() -> None:
    reading = Reading(columns=(ColumnReading(), ColumnReading(decimal_sign=",")))
    assert read(("1", "1.200", ""), reading=reading)[0]["counted"] == 1200
    assert read(("1", "1,200", ""), reading=reading)[0]["counted"] is None


def test_a_refused_number_with_a_decimal_comma_is_kept_as_that_number() -> None:
    reading = Reading(columns=(ColumnReading(), ColumnReading(decimal_sign=",")))
    rows = read(("1", "1,200", ""), ("2", "1.200,5 pcs", ""), ("3", "1,200 a", ""), reading=reading)
    assert [row["issues"][0]["raw"] for row in rows] == ["1.200", "1200.5", "1,200 a"]
    plain = read(("1", "1,200.5", ""), ("2", "1,20", ""))
    assert [row["issues"][0]["raw"] for row in plain] == ["1,200.5", "1,20"]


def test_more_different_texts_than_are_remembered_are_read_alike() -> None:
    records = [(str(n), str(n % 300), "") for n in range(2_000)]
    assert [row["counted"] for row in read(*records)] == [n % 300 for n in range(2_000)]


def test_a_column_that_rows_do_not_have_is_the_authors_mistake() -> None:
    with pytest.raises(ValueError, match="ShelfCountRow has no column for what is read: lines"):
        read(("1", "1", ""), line="lines")


class PackRow(BatchRow):
    __tablename__ = "pack_row"
    __batch__ = Batch
    metadata = MetaData()

    batch_id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = editable(default=1)
    unit: Mapped[str | None] = editable(String(9), default="each")
    note: Mapped[str | None] = editable(String(9))


def test_an_empty_cell_has_the_default_of_its_column() -> None:
    fields = [IntakeField(column.name, column) for column in columns_of(PackRow, ["size", "unit", "note"])]
    mapping = IntakeMapping(columns={"size": 0, "unit": 1, "note": 2})
    reader = IntakeReader(PackRow, fields, Reading(delimiter=","), mapping)
    records = [("6", "box", "x"), ("", " ", ""), ("six", "too long a unit", "")]
    rows = list(rows_of(reader.block(Chunk(range(2, 5), records, {}))))
    assert rows[0] == {"size": 6, "unit": "box", "note": "x"}
    assert rows[1] == {"size": 1, "unit": "each", "note": None}
    # What can't be read is no empty cell; but a column that must not be empty has something.
    assert (rows[2]["size"], rows[2]["unit"]) == (1, None)
    assert [found["field"] for found in rows[2]["issues"]] == ["size", "unit"]
