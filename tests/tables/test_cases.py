"""Small files of the kinds that people reported as read wrongly: each with the right reading, and what must be told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from batchbook.grid.columns import Kind
from batchbook.tables.inspection import inspect_table
from batchbook.tables.normalise import normaliser, text_cleaner
from batchbook.tables.report import Reading, Report
from batchbook.tables.source import open_source

CASES = Path(__file__).parent / "cases"

COOKIES, DONUTS, MUFFINS = (
    ["000801228", "Cookies", "1.09"], ["000866227", "Donuts", "0.55"], ["000876548", "Muffins", "0.99"],
)  # fmt: skip
Table = list[list[str]]


def _named(*names: str) -> Table:
    return [[code, name, price] for (code, _, price), name in zip((COOKIES, DONUTS), names, strict=True)]


#: By file: the texts of its records as they are in the file, and the codes of the notes that there must be.
RIGHT: dict[str, tuple[Table, set[str]]] = {
    "1904-excel2013.xlsx": (
        [[f"00080122{n}", f"Cookies {n}", f"{n + 1}.1", f"2026-05-0{n + 1}"] for n in range(3)], set(),
    ),
    "apostrophe.csv": ([["'" + COOKIES[0], *COOKIES[1:]], ["'" + DONUTS[0], *DONUTS[1:]]], {"text-marks"}),
    "formula-codes.csv": ([[f'="{COOKIES[0]}"', *COOKIES[1:]], [f'="{DONUTS[0]}"', *DONUTS[1:]]], {"text-marks"}),
    "caret.txt": ([COOKIES, DONUTS], {"delimiter"}),
    "comments.csv": ([COOKIES, DONUTS], {"comment-rows", "header-row"}),
    "cover-sheet.xlsx": ([COOKIES, DONUTS, MUFFINS], {"sheet"}),
    "digits.csv": (
        [
            ["\uff10\uff10\uff10\uff18\uff10\uff11\uff12\uff12\uff18", "\u30af\u30c3\u30ad\u30fc", "\uff11\uff0e\uff10\uff19"],
            ["\u0660\u0660\u0660\u0668\u0666\u0666\u0662\u0662\u0667", "\u0643\u0639\u0643", "\u0660\u066b\u0665\u0665"],
        ],
        {"other-digits"},
    ),
    "enc-cp1250.csv": (_named("Sušenky řžů", "Koblihy ě"), {"encoding"}),
    "enc-cp1251.csv": (
        _named("\u041f\u0435\u0447\u0435\u043d\u044c\u0435", "\u041f\u043e\u043d\u0447\u0438\u043a\u0438"), {"encoding"},
    ),
    "enc-gb18030.csv": (_named("\u66f2\u5947\u997c", "\u751c\u751c\u5708"), {"encoding"}),
    "mixed-enc.csv": (
        [["000801228", "Käse", "1.09"], ["000866227", "X", "0.55"], ["000866228", "Café", "0.5"]], {"odd-lines"},
    ),
    "footnotes.csv": ([["000801228", "Cookies", "1,09"], ["000866227", "Donuts", "0,55"]], {"note-rows"}),
    "subtotals.csv": (
        [["000801228", "Cookies", "1,09"], ["000866227", "Donuts", "0,55"], ["000909693", "Portion packs", "0,45"]], {"total-rows"},
    ),
    "repeated-head.csv": (
        [["000801228", "Cookies", "1,09"], ["000866227", "Donuts", "0,55"], ["000866228", "Muffins", "1,80"], ["000866229", "Rolls", "1,85"]],
        {"heading-rows"},
    ),
    "hidden-filter.xlsx": ([COOKIES, DONUTS, MUFFINS], {"hidden-rows"}),
    "html.xls": ([COOKIES, DONUTS], {"name"}),
    "spreadsheetml.xls": ([["000801228", "1.09"]], {"name"}),
    "jsonl.csv": ([COOKIES, DONUTS], {"name"}),
    "sst-count.xls": ([COOKIES, DONUTS], set()),
    "inch.csv": (_named('"12" pipe"', '"3/4"" board"'), {"quoting"}),
    "inch.tsv": (
        [["000801228", '"Deluxe" oak chair', "1.09"], ["000866227", '12" pipe', "0.55"], ["000866228", '3/4" x 12" board', "0.55"]],
        {"quoting"},
    ),
    "lines-quoted.csv": (_named("Cookies", "Donuts, glazed"), {"quoting"}),
    "last-row-mark.xlsx": ([COOKIES, DONUTS, MUFFINS], {"far-cells"}),
    "merged-down.xlsx": ([["PASTRY", *COOKIES], ["", *DONUTS], ["", *MUFFINS]], {"merged-cells", "merged-down"}),
    "percent.csv": ([[*COOKIES, "7.5%"], [*DONUTS, "10%"]], {"percent-signs"}),
    "percent.xlsx": ([[*COOKIES, "7.5%"], [*DONUTS, "15%"], [*MUFFINS, "22.5%"]], {"percent-signs"}),
    "thousand.csv": (
        [["000801228", "Cookies", "1.234"], ["000866227", "Donuts", "2.500"], ["000866228", "Muffins", "1.803"]],
        {"open-decimal-sign"},
    ),
}  # fmt: skip


def report(name: str, requested: Reading = Reading()) -> Report:  # noqa: B008 - It cannot change.
    return inspect_table(name, io.BytesIO((CASES / name).read_bytes()), requested)


def texts(name: str, reading: Reading) -> Table:
    source = open_source(name, io.BytesIO((CASES / name).read_bytes()), reading)
    return [list(record) for chunk in source.chunks() for record in chunk.records]


def test_every_file_has_its_right_reading() -> None:
    assert {path.name for path in CASES.iterdir()} == set(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_is_read_rightly_and_what_is_unusual_is_told(name: str) -> None:
    table, codes = RIGHT[name]
    found = report(name)
    assert texts(name, found.reading) == table
    assert codes <= {note.code for note in found.notes}
    assert found.rows == len(table)


@pytest.mark.parametrize(
    ("name", "column", "kind", "plain"),
    [
        ("apostrophe.csv", 0, Kind.TEXT, "000801228"),
        ("formula-codes.csv", 0, Kind.TEXT, "000801228"),
        ("digits.csv", 0, Kind.TEXT, "000801228"),
        ("digits.csv", 2, Kind.DECIMAL, "1.09"),
        ("footnotes.csv", 2, Kind.DECIMAL, "1,09"),
    ],
)
def test_codes_and_numbers_are_understood(name: str, column: int, kind: Kind, plain: str) -> None:
    reading = report(name).reading
    clean = text_cleaner(reading.column(column)) or str
    assert normaliser(kind, reading.column(column))(clean(texts(name, reading)[0][column])) == plain


def test_what_was_asked_is_read_as_it_was_chosen() -> None:
    assert texts("merged-down.xlsx", Reading(merged="filled")) == [
        ["PASTRY", *row] for row in (COOKIES, DONUTS, MUFFINS)
    ]
    skipped = report("hidden-filter.xlsx", Reading(skipped=("hidden",)))
    assert texts("hidden-filter.xlsx", skipped.reading) == [COOKIES]
    assert [one.encoding for one in report("enc-cp1251.csv").readings][:1] == ["cp1251"]
    assert len(report("enc-cp1251.csv").readings) >= 3
