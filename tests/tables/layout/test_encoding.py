# ruff: noqa: RUF001 - Letters of other alphabets are meant.
"""Detection of encodings, and the notes about guesses."""

from __future__ import annotations

import io

import pytest
from tests.tables.sources import message, opened, records, refusal
from tests.tables.text_lists import descriptions, inspected, listed, note

from batchbook.statuses import Severity
from batchbook.tables.layout.encoding import encoding_still_fits
from batchbook.tables.report import Reading


@pytest.mark.parametrize("rows", [1, 1_000, 40_000])
def test_a_text_that_shifts_to_other_characters_is_recognised_however_late_it_does(rows: int) -> None:
    plain = [b"COOKIES %d" % number for number in range(rows)]
    report = inspected(listed(*plain, "クッキー".encode("iso2022_jp")))
    assert report.reading.encoding == "iso2022_jp"


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


def test_a_file_whose_mark_says_utf8_is_that_however_many_lines_are_odd() -> None:
    report = inspected(b"\xef\xbb\xbf" + listed(*(b"M\xfcsli", b"Caf\xe9", b"R\xf6sti")))
    assert descriptions(report) == ["Müsli", "Café", "Rösti"]
    assert note(report, "odd-lines").severity is Severity.WARNING


UMLAUTS = "item;name\n7;Äpfel, süß…\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_encoding_is_found(codec: str) -> None:
    source = opened(UMLAUTS.encode(codec))
    assert records(source) == [["7", "Äpfel, süß…"]]
    assert source.headings == ("item", "name")


def test_a_byte_far_below_decides_the_encoding() -> None:
    data = b"item,name\n" + b"7,x\n" * 300_000 + "8,Äpfel\n".encode("cp1252")
    source = opened(data)
    assert source.reading.encoding == "cp1252"
    assert "byte 0xC4 at position 1,200,013, in line 300,002" in message(source, "encoding")
    assert source.readings[0].texts == ("Äpfel",)


def test_an_encoding_that_was_said_holds() -> None:
    data = "item,name\n7,Łódź\n".encode("cp1250")
    assert records(opened(data, requested=Reading(encoding="cp1250"))) == [["7", "Łódź"]]
    assert "is not text in utf-8: byte 0xA3 at position 13, in line 2" in refusal(
        data, requested=Reading(encoding="utf-8")
    )
    assert "is not an encoding of text that Python knows" in refusal(
        data, requested=Reading(encoding="rot13")
    )
