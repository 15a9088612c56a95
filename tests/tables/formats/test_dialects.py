"""Delimiters and quotation marks as programs write them, guessed with evidence, and chosen."""

from __future__ import annotations

import pytest
from tests.tables.sources import codes, opened, records, refusal

from batchbook.tables.formats.dialects import is_delimiter
from batchbook.tables.report import Quoting, Reading

HEAD, ROWS = (
    ["item_code", "description", "price"],
    [["000801228", "Cookies", "1.09"], ["000866227", "Donuts, x", "0.55"]],
)


@pytest.mark.parametrize("mark", ["^", "~", "||", "\x01", "\x1f", "|"])
def test_unusual_delimiters_are_found(mark: str) -> None:
    source = opened("".join(mark.join(row) + "\n" for row in [HEAD, *ROWS]))
    assert (source.headings, records(source), source.reading.delimiter) == (tuple(HEAD), ROWS, mark)
    assert ("delimiter" in codes(source)) == (mark != "|")


def test_columns_of_a_fixed_width_are_found() -> None:
    lines = [
        "CODE      NAME           PRICE",
        "000801228 Oat cookies     1.09",
        "000866227 Donuts         10.55",
    ]
    source = opened("\n".join([*lines, ""]), "list.txt")
    assert source.reading.delimiter == "fixed:0,10,25"
    assert records(source) == [["000801228", "Oat cookies", "1.09"], ["000866227", "Donuts", "10.55"]]
    chosen = opened("\n".join(lines), "list.txt", Reading(delimiter="fixed:0,5,10"))
    assert records(chosen)[0] == ["00080", "1228", "Oat cookies     1.09"]
    assert opened("Some words\nand others here\nas in a mail\n").headings == ("Some words",)


@pytest.mark.parametrize(
    ("text", "quoting", "cells"),
    [
        (
            'a\tb\n1\t"Deluxe" oak chair\n2\t12" pipe\n',
            "none",
            [["1", '"Deluxe" oak chair'], ["2", '12" pipe']],
        ),
        ('a\tb\n1\t"Deluxe\n2\tx "y"\n3\t"z\n', "none", [["1", '"Deluxe'], ["2", 'x "y"'], ["3", '"z']]),
        ('a,b\n1,"say \\"hi\\", now"\n2,x\n', "backslash", [["1", 'say "hi", now'], ["2", "x"]]),
        ("'a','b'\n'1','x, y'\n'2','z'\n", "apostrophe", [["1", "x, y"], ["2", "z"]]),
        ('"a,b"\n"1,x"\n"2,""y, z"""\n', "lines", [["1", "x"], ["2", "y, z"]]),
        ('a,b\n1,"x ""y"", z"\n2,"two\nlines"\n', "doubled", [["1", 'x "y", z'], ["2", "two\nlines"]]),
        ("a,b\n'','=1'\n'=2','-x'\n", "doubled", [["''", "'=1'"], ["'=2'", "'-x'"]]),
        ("a,b\n'000801228,x\n'000866227,y\n", "doubled", [["'000801228", "x"], ["'000866227", "y"]]),
    ],
)
def test_what_quotation_marks_mean_is_guessed(text: str, quoting: Quoting, cells: list[list[str]]) -> None:
    source = opened(text)
    assert (source.reading.quoting, records(source)) == (quoting, cells)
    assert ("quoting" in codes(source)) == (quoting != "doubled")
    assert (
        records(opened(text, requested=Reading(quoting=quoting, delimiter=source.reading.delimiter))) == cells
    )


def test_what_quotation_marks_mean_can_be_chosen() -> None:
    text = 'a,b\n1,"x"\n2,"y"\n'
    assert records(opened(text, requested=Reading(quoting="none"))) == [["1", '"x"'], ["2", '"y"']]
    assert "never closed" in refusal('a,b\n1,"x\n', requested=Reading(quoting="doubled"))


def test_what_can_be_a_delimiter() -> None:
    assert all(map(is_delimiter, ("|", "||", "<=>", "fixed:0,4")))
    assert not any(map(is_delimiter, ("", '"', "a\n", "four", "fixed:", "fixed:4,2x")))
