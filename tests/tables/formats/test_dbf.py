"""Database tables of dBase and FoxPro."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tests.tables.sources import codes, message, opened, records, refusal

from batchbook.tables.report import Reading

Column = tuple[str, str, int]
LATIN, DOS, CYRILLIC, NONE = 0x03, 0x02, 0xC9, 0x00


def dbf(
    columns: Sequence[Column],
    rows: Sequence[bytes],
    mark: int = LATIN,
    version: int = 3,
    stated: int | None = None,
    flags: int = 0,
    end: bytes = b"\x1a",
) -> bytes:
    """Return a table of ``columns``: name, type and length; each row begins with its mark of deletion."""
    length = 1 + sum(size for _, _, size in columns)
    start = 32 + 32 * len(columns) + 1
    head = bytes([version, 124, 3, 1]) + struct.pack(
        "<IHH", len(rows) if stated is None else stated, start, length
    )
    head = head.ljust(29, b"\x00") + bytes([mark]) + bytes(2)
    for name, kind, size in columns:
        wide = struct.pack("<H", size) if kind == "C" else bytes([size, 0])
        head += name.encode("cp850").ljust(11, b"\x00") + kind.encode() + bytes(4) + wide + bytes([flags])
        head += bytes(13)
    return head + b"\r" + b"".join(row.ljust(length) for row in rows) + end


COLUMNS = [("ITEM", "C", 9), ("NAME", "C", 300), ("PRICE", "N", 8), ("DAY", "D", 8), ("SOLD", "L", 1)]


def row(item: str, name: str, rest: str, encoding: str, mark: bytes = b" ") -> bytes:
    return mark + item.ljust(9).encode() + name.encode(encoding).ljust(300) + rest.encode()


def test_a_table_is_read_with_the_names_of_its_fields() -> None:
    rows = [
        row("000801228", "Bäckerei", "    1.2520240229T", "cp1252"),
        row("7", "gone", "    1.0020240229F", "cp1252", b"*"),
        row("8", "", "                ?", "cp1252"),
    ]
    source = opened(dbf(COLUMNS, rows), "list.dbf")
    assert (source.reading.format, source.reading.header_row) == ("dbf", 1)
    assert source.headings == ("ITEM", "NAME", "PRICE", "DAY", "SOLD")
    assert records(source) == [["000801228", "Bäckerei", "1.25", "2024-02-29", "true"], ["8", "", "", "", ""]]
    assert codes(source) == ["deleted-rows"]
    assert message(source, "deleted-rows").startswith("1 row is marked as deleted")


def test_texts_are_in_the_code_page_that_is_marked_or_chosen() -> None:
    for mark, encoding, text in ((DOS, "cp850", "Bäckerei"), (CYRILLIC, "cp1251", "мука")):
        source = opened(dbf(COLUMNS, [row("7", text, "", encoding)], mark), "a.dbf")
        assert (records(source)[0][1], codes(source)) == (text, [])
    unmarked = dbf(COLUMNS, [row("7", "мука", "", "cp866")], NONE)
    asked = opened(unmarked, "a.dbf")
    assert codes(asked) == ["encoding"]
    assert any("мука" in one.texts for one in asked.readings)
    assert codes(opened(dbf(COLUMNS, [row("7", "мука", "", "utf-8")], NONE), "a.dbf")) == ["code-page"]
    source = opened(unmarked, "a.dbf", Reading(encoding="cp866"))
    assert (records(source)[0][1], codes(source)) == ("мука", [])
    source = opened(dbf(COLUMNS, [row("7", "мука", "", "cp1251")], 0x13), "a.dbf")
    assert records(source)
    assert "odd-characters" in codes(source)


def test_numbers_of_foxpro_are_binary() -> None:
    columns = [("N", "I", 4), ("MONEY", "Y", 8), ("AT", "T", 8), ("SIZE", "B", 8), ("TEXT", "M", 4)]
    days = 2_451_545  # 1 January 2000.
    data = b" " + struct.pack("<iqiidI", -7, 12_500, days, 3_600_000, 0.5, 9)
    source = opened(dbf(columns, [data], version=0x30), "a.dbf")
    assert records(source) == [["-7", "1.2500", "2000-01-01T01:00:00", "0.5", ""]]
    assert "memos of “TEXT” lie in another file" in message(source, "memos")
    assert "cannot be told from 0" in refusal(dbf(columns, [data], version=0x30, flags=2), "a.dbf")


def test_damaged_and_unknown_tables_are_refused() -> None:
    good = dbf(COLUMNS, [row("7", "x", "", "ascii")] * 9)
    assert "its end is missing" in refusal(good[:-400], "a.dbf")
    assert "it is damaged, or of another program" in refusal(b"\x04" + good[1:], "a.dbf")
    assert "column “AT” is of a type that is not read" in refusal(dbf([("AT", "@", 8)], [b" 1"]), "a.dbf")
    source = opened(dbf(COLUMNS, [row("7", "x", "", "ascii")] * 3, stated=2), "a.dbf")
    assert (len(records(source)), codes(source)) == (2, ["rows-not-stated"])
