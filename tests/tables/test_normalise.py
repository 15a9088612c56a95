"""Normalisation of texts, of marks of spreadsheets, and of words for yes, no and nothing."""

from __future__ import annotations

# ruff: noqa: RUF001 - The digits are those of other scripts.
import io
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import column as sql_column
from sqlalchemy import create_engine, literal, select
from tests.tables.sources import in_ods, in_xlsx
from tests.tables.typed_cells import COMMA, POINT, understood

from batchbook.batches.intake.cell_reader import CellReader
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping
from batchbook.grid import Column, Kind, csv_chunks
from batchbook.grid.cells import CellError
from batchbook.tables.inspection import inspect_table
from batchbook.tables.normalise import hundredth, normaliser
from batchbook.tables.report import ColumnReading, Percent, Report
from batchbook.tables.source import open_source

FIELD = IntakeField("a", Column("a", "A", sql_column("a"), Kind.TEXT))


def without_marks(reading: ColumnReading, texts: list[str]) -> list[str]:
    return CellReader(FIELD, reading, IntakeMapping()).read(texts).values


def marked_column(texts: list[str], kind: str = "csv") -> tuple[Report, list[str]]:
    table = [["code", "name"], *([text, "x"] for text in texts)]
    if kind == "csv":
        quoted = ["\t".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
        data = "\n".join(quoted).encode()
    else:
        data = in_xlsx(table) if kind == "xlsx" else in_ods(table)
    report = inspect_table(f"a.{kind}", io.BytesIO(data))
    return report, without_marks(report.reading.column(0), texts)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
@pytest.mark.parametrize(
    ("texts", "right"),
    [
        (['="000801228"', '="000866227"'], ["000801228", "000866227"]),
        (
            ['="say ""hi"""', '="a"&"b"', "=12", "=“x”", '="open'],
            ['say "hi"', '="a"&"b"', "=12", "=“x”", '="open'],
        ),
        (["'000801228", "'000866227"], ["000801228", "000866227"]),
        ([' ="000801228" ', '\u00a0= "000866227"'], ["000801228", "000866227"]),
        ([" '000801228 ", "  '000866227"], ["000801228", "000866227"]),
        (["'000801228", "12345678", "A12"], ["000801228", "12345678", "A12"]),
        (["'ABC-1", "'DEF-2"], ["ABC-1", "DEF-2"]),
        (["'s-Hertogenbosch", "'t Hooft"], ["'s-Hertogenbosch", "'t Hooft"]),
        (
            ["'S-HERTOGENBOSCH", "'90s mix", "'90", "O'Neil"],
            ["'S-HERTOGENBOSCH", "'90s mix", "'90", "O'Neil"],
        ),
        (["'-5 LB", "'=1+1", "'t Hooft", "''=x"], ["-5 LB", "=1+1", "'t Hooft", "'=x"]),
        (["'Special' offer", "plain", "words"], ["'Special' offer", "plain", "words"]),
    ],
)
def test_marks_are_left_out_and_texts_are_kept(kind: str, texts: list[str], right: list[str]) -> None:
    assert marked_column(texts, kind)[1] == right


def test_what_is_left_out_is_told_and_can_be_kept() -> None:
    texts = ['="000801228"', "'t Hooft"]
    report, _ = marked_column(texts)
    told = {note.code: note.message for note in report.notes}
    assert '“="000801228"” in row 2: read as “000801228”' in told["text-marks"]
    assert "“'t Hooft” in row 3: kept" in told["apostrophes"]
    assert without_marks(ColumnReading(text_marks="kept"), texts) == texts
    cells = CellReader(FIELD, report.reading.column(0), IntakeMapping()).read(texts)
    assert cells.normalised == {0: '="000801228"'}  # The text of the file is kept.


def test_a_column_of_marked_numbers_is_one_of_numbers() -> None:
    report, _ = marked_column(['="1,09"', '="2,50"'])
    assert (report.columns[0].kind, report.reading.column(0).decimal_sign) == ("number", ",")


_GUARDED = ["=1+1", "'=1+1", "-5 LB", "'-5 LB", "''=x", "@x", "+1", "\t=1", "\r\n-1", " '=x", '="007"', "-"]
_OTHERS = [
    "'t Hooft",
    "'000801228",
    "'ABC",
    "''ABC",
    "'Special' offer",
    " leading",
    " =1",
    "\u00a0x",
    "' x",
    "'",
]


@pytest.mark.parametrize("text", [*_GUARDED, *_OTHERS, "plain"])
def test_what_is_exported_comes_back(text: str) -> None:
    """All texts of the column begin alike, so what most of them begin with decides nothing wrongly."""
    code = replace(FIELD.column, name="code", label="Code")
    with create_engine("sqlite://").connect() as connection:
        row = connection.execute(select(literal("7").label("code"), literal(text).label("a"))).one()
    data = b"".join(csv_chunks([code, FIELD.column], [row] * 3))
    reading = inspect_table("a.csv", io.BytesIO(data)).reading
    chunks = [*open_source("a.csv", io.BytesIO(data), reading).chunks()]
    texts = [record[1] for chunk in chunks for record in chunk.records]
    assert without_marks(reading.column(1), texts) == [text] * 3
    assert CellReader(FIELD, reading.column(1), IntakeMapping()).read_one(texts[0]).value == text


def test_blanks_that_were_guarded_count_for_the_length() -> None:
    short = IntakeField("a", replace(FIELD.column, max_length=3))
    reader = CellReader(short, ColumnReading(text_marks="formulas"), IntakeMapping())
    assert reader.read(["'  a", "'   a", "'   abcd"]).values == ["  a", "a", None]


@pytest.mark.parametrize(
    "word", ["N/A", "n.a.", "-", "--", "\u2014", "null", "None", " NA ", "\u00a0-\u00a0"]
)
def test_a_word_for_nothing_is_empty_among_numbers_and_days_but_not_among_texts(word: str) -> None:
    for kind in (Kind.INTEGER, Kind.DECIMAL, Kind.DATE, Kind.DATETIME, Kind.BOOLEAN):
        assert normaliser(kind, POINT)(word) == ""
    assert normaliser(Kind.TEXT, POINT)(word) == word.strip()
    assert normaliser(Kind.CHOICE, POINT)(word) == word.strip()


def test_what_was_said_to_be_nothing_is_empty_in_every_kind() -> None:
    reading = ColumnReading(nothing=("tbd", "#N/A"))
    assert [normaliser(kind, reading)(" tbd ") for kind in Kind] == [""] * len(Kind)
    assert normaliser(Kind.DECIMAL, reading)("#N/A") == ""


def test_texts_are_only_stripped() -> None:
    assert normaliser(Kind.TEXT, COMMA)("\u00a0 007  (12,00 €) \u202f") == "007  (12,00 €)"


@pytest.mark.parametrize("word", ["ja", "Oui", "sí", "WAHR", "x", "✓", "true", "Y"])
def test_the_words_for_yes(word: str) -> None:
    assert understood(Kind.BOOLEAN, word, POINT) is True


@pytest.mark.parametrize("word", ["nein", "Non", "no", "FALSCH", "onwaar", "False"])
def test_the_words_for_no(word: str) -> None:
    assert understood(Kind.BOOLEAN, word, POINT) is False


def test_another_word_is_neither_yes_nor_no() -> None:
    with pytest.raises(CellError):
        understood(Kind.BOOLEAN, "perhaps", POINT)


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        ("０００８０１", "000801", 801),
        ("٠٠٠٨٦٦", "000866", 866),
        ("१२", "12", 12),
        ("１，２３４", "1,234", 1234),
    ],
)
def test_digits_of_other_scripts_are_those_that_they_mean(text: str, code: str, number: int) -> None:
    report, texts = marked_column([text, "7"])
    assert report.reading.columns[0].other_digits == "plain"
    assert texts == [code, "7"]
    assert understood(Kind.INTEGER, text, POINT) == number
    cells = CellReader(FIELD, report.reading.column(0), IntakeMapping()).read([text, "7"])
    assert cells.normalised == {0: text}
    assert without_marks(ColumnReading(other_digits="kept"), [text]) == [text]
    assert without_marks(report.reading.column(0), [f"Box of {text}"]) == [f"Box of {text}"]


@pytest.mark.parametrize(
    ("text", "percent", "value"),
    [
        ("7.5%", "points", "7.5"),
        ("7.5%", "fraction", "0.075"),
        ("-12 %", "fraction", "-0.12"),
        ("1,250.5 %", "fraction", "12.505"),
        ("٧٫٥٪", "fraction", "0.075"),
        ("7.5", "fraction", "7.5"),
    ],
)
def test_a_percent_sign_does_what_was_chosen(text: str, percent: Percent, value: str) -> None:
    read = normaliser(Kind.DECIMAL, ColumnReading(".", percent=percent))(text)
    assert Decimal(read) == Decimal(value)


def test_a_hundredth_of_a_number_with_a_comma() -> None:
    assert hundredth("1.250,5", ",") == "12,505"
    assert hundredth("7", ",") == "0,07"
