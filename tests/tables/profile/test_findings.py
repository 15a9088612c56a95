"""Notes about what may surprise in a column."""

from __future__ import annotations

import pytest
from tests.tables.reports import codes, column, inspected, note


def test_short_years_are_told() -> None:
    assert "69 to 68 are 1969 to 2068" in note(column("31.12.17", "1.1.2018"), "short-years").message


@pytest.mark.parametrize(
    ("code", "cells", "rows", "message"),
    [
        ("error-values", ("1", "#REF!", "2", "#DIV/0!", "3", "4", "5"), (3, 5), "2 cells show an error"),
        ("empty-words", ("1", "n.a.", "2", "-"), (3, 5), "“n.a.” in row 3: treated as empty"),
        ("empty-words", ("one", "none", "two"), (3,), "kept as text"),
        ("leading-zeros", ("10", "007"), (3,), "1 text of digits begins with a zero, such as “007” in row 3"),
        ("long-numbers", ("1234567890123456", "7"), (2,), "1 number has more than 15 digits"),
        ("long-numbers", ("1234567890123450000", "7"), (2,), "a spreadsheet has lost their last digits"),
        ("shortened-numbers", ("1.23E+15", "7"), (2,), "“1.23E+15” in row 2"),
        ("no-break-blanks", ("1", "1\u202f234", "2\u00a0€"), (3, 4), "2 cells have a non-breaking space"),
        ("currencies", ("$1.50", "2.50"), (2,), "a currency, $ (1), such as “$1.50” in row 2: it is ignored"),
        ("currencies", ("€ 1", "2 EUR", "USD 3"), (2, 3, 4), "EUR (2), USD (1)"),
        ("units", ("12 KG", "3 kg"), (2, 3), "a unit, kg (2)"),
        ("units", ("12 kg", "3 lb.", "4", "5", "6"), (2, 3), "units that differ: kg (1), lb (1)"),
        ("units", ("12 oz", "3 lb", "4 lb"), (2, 3, 4), "units that differ: lb (2), oz (1)"),
        ("percent-signs", ("12 %", "3%"), (2, 3), "2 numbers have a percent sign"),
        ("marked-negatives", ("(12.00)", "12-", "-3"), (2, 3), "2 numbers are negative by parentheses"),
        ("not-numbers", ("1", "2", "3", "ask us"), (5,), "“ask us” in row 5"),
        ("not-days", ("1.1.2017", "2.1.2017", "3.1.2017", "soon"), (5,), "“soon” in row 5"),
        ("not-days", ("30.2.2017", "2.1.2017", "3.1.2017", "4.1.2017"), (2,), "“30.2.2017” in row 2"),
        ("total-words", ("Subtotal", "b", "c"), (2,), "“Subtotal” in row 2"),
        (
            "stripped-zeros",
            ("1234567", "2345678", "3456789", "4567891", "34567"),
            (6,),
            "1 code is shorter than the usual 7 digits (4 have them), such as “34567” in row 6",
        ),
    ],
)  # fmt: skip
def test_what_may_surprise_is_noted_with_its_rows(
    code: str, cells: tuple[str, ...], rows: tuple[int, ...], message: str
) -> None:
    found = note(column(*cells), code)
    assert (found.column, found.rows) == (1, rows)
    assert message in found.message


def test_plain_columns_are_noted_for_nothing() -> None:
    report = inspected(
        "item,name,price,since,active",
        "A-1,Corn flakes 12 OZ,12.50,2017-12-31,yes",
        "A-2,100 % juice,7.00,2018-01-01,no",
        'A-3,"Bread, rye",-3.25,2018-01-02,yes',
    )
    assert report.notes == ()


@pytest.mark.parametrize(
    ("lengths", "short"),
    [
        ({9: 9, 8: 1}, True),
        ({9: 10}, False),
        ({4: 9, 3: 1}, False),  # Amounts differ in length.
        ({9: 5, 8: 5}, False),
        ({9: 9, 10: 1}, False),
    ],
)
def test_codes_are_short_if_most_of_them_are_longer(lengths: dict[int, int], short: bool) -> None:
    digits = ["7" * length for length, count in lengths.items() for _ in range(count)]
    assert ("stripped-zeros" in codes(column(*digits))) is short
