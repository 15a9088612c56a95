"""Scans of whole texts, whichever way their pieces are cut."""

from __future__ import annotations

from tests.tables.sources import opened, records
from tests.tables.text_lists import inspected, listed, note


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
