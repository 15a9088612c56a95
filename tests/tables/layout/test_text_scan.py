"""Scans of whole texts, whichever way their pieces are cut, and texts in UTF-8 with some lines in another encoding."""

from __future__ import annotations

import pytest
from tests.tables.sources import opened, records
from tests.tables.text_lists import MIXED, descriptions, inspected, listed, note

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.report import Reading


def test_a_bad_byte_at_the_very_end_and_half_a_character() -> None:
    long = listed(*["Käse".encode()] * 50_000, b"Caf\xe9")
    told = note(inspected(long), "odd-lines").message
    assert "1 line is not UTF-8 as the rest of the file is: 50,002." in told
    half = listed("Käse".encode(), "Öl".encode())[:-7] + b"\xc3"
    assert "line is not UTF-8" in note(inspected(half), "odd-lines").message


def test_a_character_may_be_cut_by_the_pieces_of_a_file() -> None:
    data = ("item,name\n" + "7," + "x" * (2**20 - 13) + "ß\n" + "8,y\n").encode()
    assert data[2**20 - 1 : 2**20 + 1] == "ß".encode()
    assert [row[0] for row in records(opened(data))] == ["7", "8"]
    assert opened(data).reading.encoding == "utf-8"


def test_what_is_mostly_utf8_stays_so_and_odd_lines_are_named() -> None:
    report = inspected(MIXED)
    assert (report.reading.encoding, descriptions(report)) == ("utf-8", ["Käse", "Rye", "Café"])
    told = note(report, "odd-lines")
    assert told.message.startswith("1 line is not UTF-8 as the rest of the file is: 4.")
    assert (told.severity, told.columns) == (Severity.WARNING, (1,))
    assert report.readings[0].texts == ("Café",)
    requested = inspected(MIXED, Reading(odd_lines="cp1250"))
    assert (note(requested, "odd-lines").severity, requested.readings) == (Severity.INFO, ())
    again = inspected(MIXED, report.reading)
    assert (descriptions(again), again.readings) == (descriptions(report), ())


def test_an_odd_line_keeps_what_is_valid_in_it_unless_nobody_can_tell() -> None:
    mixed = inspected(
        listed("Käse ".encode() + "Café".encode("latin-1"), "Öl, süß".replace(",", "").encode())
    )
    assert descriptions(mixed) == ["Käse Café", "Öl süß"]
    chinese = listed("Печенье".encode(), "甜甜圈".encode("gb18030"))
    assert descriptions(inspected(chinese, Reading(odd_lines="gb18030"))) == ["Печенье", "甜甜圈"]


def test_odd_lines_in_an_encoding_that_they_are_not_in_are_refused_by_number() -> None:
    data = listed("Käse".encode(), "Öl".encode(), b"a\x81b")
    with pytest.raises(BadInput, match=r"Line 4 of .* is not text in UTF-8, and not in cp1252: byte 0x81"):
        inspected(data, Reading(odd_lines="cp1252"))


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_lines_are_found_wherever_pieces_end(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("batchbook.tables.layout.text_scan._PIECE_DECODED", size)
    data = listed(*["Käse".encode(), b"Rye"] * 20, b"Caf\xe9", "Öl".encode()).replace(b"\n", b"\r\n")
    assert descriptions(inspected(data))[-2:] == descriptions(inspected(data.replace(b"\r\n", b"\r")))[-2:]
