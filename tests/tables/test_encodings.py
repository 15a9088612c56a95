# ruff: noqa: RUF001 - Letters of other alphabets are meant.
"""Encodings of texts: which one is likely, what is said of a guess, and files in which some lines are in another."""

from __future__ import annotations

import io
import random

import pytest
from tests.tables.goods import GOODS

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.inspection import inspect_table
from batchbook.tables.layout.encoding import encoding_still_fits
from batchbook.tables.layout.languages import encoding_candidates, known_encoding, text_encodings
from batchbook.tables.report import Note, Reading, Report

HEAD = b"item_code,description,price\n"


def inspected(data: bytes, said: Reading = Reading()) -> Report:  # noqa: B008 - It cannot change.
    return inspect_table("list.csv", io.BytesIO(data), said)


def descriptions(report: Report) -> list[str]:
    return [cells[1] for _, cells in report.first_rows]


def note(report: Report, code: str) -> Note:
    (found,) = [one for one in report.notes if one.code == code]
    return found


def listed(*texts: bytes) -> bytes:
    return HEAD + b"".join(b"%09d,%s,1.09\n" % (number, text) for number, text in enumerate(texts, 801228))


@pytest.mark.parametrize("rows", [1, 1_000, 40_000])
def test_a_text_that_shifts_to_other_characters_is_recognised_however_late_it_does(rows: int) -> None:
    plain = [b"COOKIES %d" % number for number in range(rows)]
    report = inspected(listed(*plain, "クッキー".encode("iso2022_jp")))
    assert report.reading.encoding == "iso2022_jp"


@pytest.mark.parametrize(("words", "first", "among"), [(1, 0.85, 0.95), (2, 0.95, 0.98), (8, 0.97, 0.99)])
def test_the_right_reading_is_offered_and_mostly_comes_first(words: int, first: float, among: float) -> None:
    chance, told, at_all, cases = random.Random(words), 0, 0, 0
    for encodings, goods in GOODS.values():
        for encoding in encodings:
            for _ in range(3):
                texts = chance.sample(goods, min(words, len(goods)))
                lines = [text.encode(encoding) for text in texts]
                read = [
                    [line.decode(one.encoding) for line in lines] for one in encoding_candidates(lines)[:4]
                ]
                cases, told, at_all = cases + 1, told + (read[0] == texts), at_all + (texts in read)
    assert told / cases >= first
    assert at_all / cases >= among


@pytest.mark.parametrize(
    ("encoding", "texts"),
    [
        ("cp1251", ("Печенье", "Пончики")),
        ("cp1250", ("Sušenky řžů", "Koblihy ě")),
        ("gb18030", ("曲奇饼", "甜甜圈")),
    ],
)
def test_a_guess_is_a_warning_with_readings_side_by_side(encoding: str, texts: tuple[str, ...]) -> None:
    report = inspected(listed(*(text.encode(encoding) for text in texts)))
    assert (report.reading.encoding, descriptions(report)) == (encoding, [*texts])
    told = note(report, "encoding")
    assert (told.severity, told.columns) == (Severity.WARNING, (1,))
    assert len(report.readings) >= 3
    assert (report.readings[0].encoding, report.readings[0].texts) == (encoding, texts)
    assert len({reading.texts for reading in report.readings}) == len(report.readings)


def test_characters_above_the_table_alone_are_no_warning() -> None:
    report = inspected("Preise für Mai,,\n".encode("cp1252") + listed(b"Rye", b"Oat"), Reading(header_row=2))
    assert note(report, "encoding").severity is Severity.INFO


def test_every_encoding_of_text_can_be_chosen_by_any_of_its_names() -> None:
    assert {known_encoding(name) for name in ("windows-1251", "CP1251", "1251")} == {"cp1251"}
    assert {
        known_encoding(name) for name in ("rot13", "idna", "base64", "unicode_escape", "no such", "a\0b")
    } == {None}
    assert len(text_encodings()) > 90
    for name in text_encodings():
        data = "item_code,description\n7,x\n8,y\n".encode(name)
        if name not in ("utf-16", "utf-32"):
            assert descriptions(inspected(data, Reading(encoding=name))) == ["x", "y"], name


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-32-le", "utf-32-be"])
def test_texts_of_wide_characters_need_no_mark(encoding: str) -> None:

    data = "item_code,description\n000801228,Печенье овсяное\n000866227,Пончики\n".encode(encoding)
    assert descriptions(inspected(data)) == ["Печенье овсяное", "Пончики"]


def test_what_was_right_for_the_last_file_must_be_likely_for_the_next() -> None:
    russian = listed("Печенье".encode("cp1251"), "Пончики".encode("cp1251"))
    assert encoding_still_fits(io.BytesIO(russian), "cp1251")
    assert not encoding_still_fits(io.BytesIO(russian), "cp1252")
    assert not encoding_still_fits(io.BytesIO(listed("Печенье".encode())), "cp1251")
    assert not encoding_still_fits(io.BytesIO("item\nПеченье\n".encode("utf-16")), "cp1251")
    for encoding in ("cp852", "mac-latin2"):
        polish = listed("Kurtka męska".encode(encoding))
        assert not encoding_still_fits(io.BytesIO(polish), "cp1252")
        assert not encoding_still_fits(io.BytesIO(polish), "cp1251")


# --- Odd lines ---


MIXED = listed("Käse".encode(), b"Rye", "Café".encode("latin-1"))


def test_what_is_mostly_utf8_stays_so_and_odd_lines_are_named() -> None:
    report = inspected(MIXED)
    assert (report.reading.encoding, descriptions(report)) == ("utf-8", ["Käse", "Rye", "Café"])
    told = note(report, "odd-lines")
    assert told.message.startswith("1 line is not UTF-8 as the rest of the file is: 4.")
    assert (told.severity, told.columns) == (Severity.WARNING, (1,))
    assert report.readings[0].texts == ("Café",)
    said = inspected(MIXED, Reading(odd_lines="cp1250"))
    assert (note(said, "odd-lines").severity, said.readings) == (Severity.INFO, ())
    again = inspected(MIXED, report.reading)
    assert (descriptions(again), again.readings) == (descriptions(report), ())


def test_a_file_whose_mark_says_utf8_is_that_however_many_lines_are_odd() -> None:
    report = inspected(b"\xef\xbb\xbf" + listed(*(b"M\xfcsli", b"Caf\xe9", b"R\xf6sti")))
    assert descriptions(report) == ["Müsli", "Café", "Rösti"]
    assert note(report, "odd-lines").severity is Severity.WARNING


def test_an_odd_line_keeps_what_is_valid_in_it_unless_nobody_can_tell() -> None:
    mixed = inspected(
        listed("Käse ".encode() + "Café".encode("latin-1"), "Öl, süß".replace(",", "").encode())
    )
    assert descriptions(mixed) == ["Käse Café", "Öl süß"]
    chinese = listed("Печенье".encode(), "甜甜圈".encode("gb18030"))
    assert descriptions(inspected(chinese, Reading(odd_lines="gb18030"))) == ["Печенье", "甜甜圈"]


def test_a_bad_byte_at_the_very_end_and_half_a_character() -> None:
    long = listed(*["Käse".encode()] * 50_000, b"Caf\xe9")
    told = note(inspected(long), "odd-lines").message
    assert "1 line is not UTF-8 as the rest of the file is: 50,002." in told
    half = listed("Käse".encode(), "Öl".encode())[:-7] + b"\xc3"
    assert "line is not UTF-8" in note(inspected(half), "odd-lines").message


def test_odd_lines_in_an_encoding_that_they_are_not_in_are_refused_by_number() -> None:
    data = listed("Käse".encode(), "Öl".encode(), b"a\x81b")
    with pytest.raises(BadInput, match=r"Line 4 of .* is not text in UTF-8, and not in cp1252: byte 0x81"):
        inspected(data, Reading(odd_lines="cp1252"))


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_lines_are_found_wherever_pieces_end(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("batchbook.tables.layout.mixed_encoding._PIECE", size)
    data = listed(*["Käse".encode(), b"Rye"] * 20, b"Caf\xe9", "Öl".encode()).replace(b"\n", b"\r\n")
    assert descriptions(inspected(data))[-2:] == descriptions(inspected(data.replace(b"\r\n", b"\r")))[-2:]
