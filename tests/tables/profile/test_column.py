"""Kinds of columns, what is counted in them, and the evidence that is kept: counts with the first rows."""

from __future__ import annotations

import random

import pytest
from tests.tables.reports import column, note

from batchbook.tables.profile.column import KEPT_ROWS, Evidence, merge_evidence


def test_only_the_first_rows_with_something_are_kept_but_all_are_counted() -> None:
    found = note(column(*["$1"] * 12_000), "currencies")
    assert found.rows == (2, 3, 4, 5, 6)
    assert "12,000 numbers" in found.message


def test_many_different_cells_and_line_ends_within_them_are_counted() -> None:
    chance = random.Random(1)
    cells = [f'"{chance.random()}\n{number}"' for number in range(7_000)] + ["", " ", "\u00a0"]
    report = column(*cells)
    assert (report.columns[1].kind, report.columns[1].filled, report.columns[1].blank) == ("text", 7_000, 3)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (("12-34-56", "20-00-01", "99-99-99", "01-02-03"), "text"),
        (("1", "2", "3", "n.a.", "call"), "number"),
        (("1", "2", "call", "ask"), "text"),
        (("1234567890123456", "1234567890123457"), "text"),
        (("A-1", "12"), "text"),
        (("x", "", "x"), "yes-no"),
        (("1", "0"), "number"),
        (("N/A", "-"), "text"),
        (("12 oz", "3 lb", "4 lb"), "text"),
        (("12 oz", "3 oz", "4"), "number"),
        (("2017-12-31 14:30", "2017-12-31"), "date"),
        (("12:30", "13:30"), "text"),
        (("12 pack", "12 dozen", "1/2", "1.2.3.4"), "text"),
    ],
)
def test_a_column_is_of_the_kind_that_most_of_its_cells_are(cells: tuple[str, ...], kind: str) -> None:
    assert column(*cells).columns[1].kind == kind


def test_an_empty_column_is_one() -> None:
    report = column("", " ", "")
    assert (report.columns[1].kind, report.columns[1].examples) == ("empty", ())


def evidence(*places: tuple[int, str]) -> Evidence:
    found = Evidence()
    for row, text in places:
        found.count += 1
        found.keep(row, text)
    return found


def test_all_is_counted_and_the_first_rows_are_kept() -> None:
    found = evidence(*((row, f" {row % 2} ") for row in range(2, 12)))
    assert (found.count, len(found.rows)) == (10, KEPT_ROWS)
    assert (found.rows[0], found.example, found.texts) == (2, "“0” in row 2", ("0", "1"))
    assert found
    assert not Evidence()


def test_merged_evidence_has_the_first_rows_of_all() -> None:
    merged = merge_evidence([evidence((9, "b"), (12, "c")), evidence((3, "a"))])
    assert (merged.count, merged.rows) == (3, (3, 9, 12))
