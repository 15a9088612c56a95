from __future__ import annotations

import io
import json
import random
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.inspection import inspect_table
from batchbook.tables.report import ColumnReading, Note, Reading, Report

NOTHING_SAID = Reading()


def inspected(*lines: str, said: Reading = NOTHING_SAID) -> Report:
    return inspect_table("list.csv", io.BytesIO("\n".join(lines).encode()), said)


def column(*cells: str, delimiter: str = "|", said: ColumnReading | None = None) -> Report:
    """Return the report of a table whose second column has ``cells``."""
    lines = (f"row {number}{delimiter}{cell}" for number, cell in enumerate(cells, 1))
    reading = Reading(
        delimiter=delimiter, header_row=1, header_rows=1, columns=(ColumnReading(), said) if said else ()
    )
    return inspected(f"name{delimiter}cell", *lines, said=reading)


def note(report: Report, code: str) -> Note:
    (found,) = (note for note in report.notes if note.code == code)
    return found


def codes(report: Report) -> set[str]:
    return {note.code for note in report.notes}


# --- The whole -------------------------------------------------------------------------------------------------------


def test_a_report_says_what_is_in_the_file_and_how_it_is_read() -> None:
    report = inspected(
        "item;price;since;counted;active",
        "007;1.234,50 €;31.12.2017;12;ja",
        "008;1.500;1.2.2018;;nein",
        "",
        "010;N/A;2017-12-31;7;ja",
    )
    assert report.rows == 3
    assert report.blank_rows == 1
    assert report.size == 115
    assert report.headings == ("item", "price", "since", "counted", "active")
    assert [column.kind for column in report.columns] == ["text", "number", "date", "number", "yes-no"]
    assert [(column.filled, column.blank) for column in report.columns] == [(3, 0)] * 3 + [(2, 1), (3, 0)]
    assert report.columns[0].lengths == {3: 3}
    assert report.columns[1].examples == ("1.234,50 €", "1.500", "N/A")
    assert report.reading.columns[1:3] == (ColumnReading(",", "dmy", ("N/A",)), ColumnReading(",", "dmy"))
    assert report.reading.left_out == ()
    assert report.first_rows[2] == (5, ("010", "N/A", "2017-12-31", "7", "ja"))


def test_a_report_can_be_kept_as_json() -> None:
    report = inspected("item,price", "007,(1.50)", "008,#REF!", "Total,1.50")
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_header_without_a_row_is_refused() -> None:
    with pytest.raises(BadInput, match="has a header row, and no row below it"):
        inspected("item,price")


def test_what_was_said_wins_over_what_the_cells_show() -> None:
    said = ColumnReading(".", "mdy", ("tbd",))
    report = column("1.234,50", "2,5", "3", "tbd", said=said)
    assert report.reading.columns[1] == said
    assert report.columns[1].evidence == "Decimal point, as it was said."
    assert note(report, "mixed-decimal-signs").rows == (2, 3)


def test_cells_behind_the_last_heading_are_told() -> None:
    report = inspected(
        "item,price", "007,1.50,x,y", "008,1.50", "009,1.50,,z", said=Reading(delimiter=",", header_row=1)
    )
    found = note(report, "surplus-cells")
    assert found.rows == (2, 4)
    assert "2 rows have more cells than there are headings, such as row 2: x, y." in found.message


def test_first_rows_are_the_first_ones_of_a_long_table() -> None:
    report = inspected("item,price", *(f"{number},1.5" for number in range(10_000, 22_000)))
    assert report.rows == 12_000
    assert [number for number, _ in report.first_rows] == list(range(2, 22))
    assert report.columns[0].filled == 12_000


# --- Decimal signs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "sign", "shown"),
    [
        (("1.500", "1.234,50"), ",", "Decimal comma: “1.234,50” in row 3 can be nothing else; 1 value fits both."),
        (("1,500", "2,250", "1.5"), ".", "Decimal point: “1.5” in row 4 can be nothing else; 2 values fit both."),
        (("1.234.567",), ",", "Decimal comma: “1.234.567” in row 2 can be nothing else."),
        (("1234.567", "7"), ".", "Decimal point: “1234.567” in row 2 can be nothing else."),
        (("0.125", "1.500"), ".", "Decimal point: “0.125” in row 2 can be nothing else; 1 value fits both."),
        (("1 234,500",), ",", "Decimal comma: “1 234,500” in row 2 can be nothing else."),
        (("12,-", "7"), ",", "Decimal comma: “12,-” in row 2 can be nothing else."),
        (("€ 3,5", "4"), ",", "Decimal comma: “€ 3,5” in row 2 can be nothing else."),
        (("7", "12"), ".", ""),
    ],
)  # fmt: skip
def test_the_decimal_sign_is_decided_from_all_values(cells: tuple[str, ...], sign: str, shown: str) -> None:
    report = column(*cells)
    assert report.reading.columns[1].decimal_sign == sign
    assert report.columns[1].evidence == shown
    assert not codes(report) & {"open-decimal-sign", "mixed-decimal-signs"}


def test_the_majority_decides_and_the_others_are_told() -> None:
    report = column("1,5", "2,5", "3.5", "1.000")
    assert report.reading.columns[1].decimal_sign == ","
    found = note(report, "mixed-decimal-signs")
    assert (found.severity, found.column, found.rows) == (Severity.WARNING, 1, (4,))
    assert "1 value has a decimal point, such as “3.5” in row 4" in found.message


@pytest.mark.parametrize(
    ("delimiter", "sign", "meant"), [("|", ".", "1.500"), (";", ",", "1500"), ("\t", ".", "1.500")]
)
def test_what_fits_both_is_assumed_and_said(delimiter: str, sign: str, meant: str) -> None:
    report = column("1.500", "2.250", delimiter=delimiter)
    assert report.reading.columns[1].decimal_sign == sign
    found = note(report, "open-decimal-sign")
    assert found.severity is Severity.WARNING
    assert f"“1.500” in row 2 is {meant};" in found.message


def test_a_column_that_shows_nothing_is_read_as_the_others_are() -> None:
    report = inspected("item|cost|price", "a|1.500|2,5", "b|2.250|3,75", "c|7|5")
    assert [column.decimal_sign for column in report.reading.columns] == [","] * 3
    assert report.columns[1].evidence.startswith("Decimal comma, as in other columns of this file: “1.500”")
    assert "open-decimal-sign" not in codes(report)


def test_numbers_of_a_workbook_have_points() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["item", "weight"], ["a", 1.125], ["b", 2.125]]):
            sheet.write_row(number, 0, row)
    report = inspect_table("list.xlsx", target)
    assert report.reading.columns[1].decimal_sign == "."
    assert report.columns[1].evidence.startswith("Decimal point, as the numbers of a workbook have it")
    assert not codes(report)


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=30),
    st.sampled_from((".", ",")),
    st.booleans(),
)
def test_numbers_with_two_decimals_always_show_their_sign(
    values: list[Decimal], sign: str, grouped: bool
) -> None:
    texts = (f"{value:,.2f}" if grouped else f"{value:.2f}" for value in values)
    swapped = [text.translate(str.maketrans(".,", ",.")) if sign == "," else text for text in texts]
    report = column(*swapped)
    assert (report.columns[1].kind, report.reading.columns[1].decimal_sign) == ("number", sign)


# --- Days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "order", "shown"),
    [
        (("1.2.2017", "31.12.2017"), "dmy", "Day, month, year: “31.12.2017” in row 3 can be nothing else; 1 value fits both."),
        (("12/31/2017",), "mdy", "Month, day, year: “12/31/2017” in row 2 can be nothing else."),
        (("12/31/17 8:15 PM", "1/2/18"), "mdy", "Month, day, year: “12/31/17 8:15 PM” in row 2 can be nothing else; 1 value fits both."),
        (("2017-12-31", "31 Dec 2017"), "ymd", "Every day tells its order, such as “2017-12-31” in row 2."),
        (("1.2.2017",), "dmy", "Day, month, year, as days with points are usually written: “1.2.2017” in row 2 fits both."),
    ],
)  # fmt: skip
def test_the_order_of_days_is_decided_from_all_values(cells: tuple[str, ...], order: str, shown: str) -> None:
    report = column(*cells)
    assert (report.columns[1].kind, report.reading.columns[1].date_order) == ("date", order)
    assert report.columns[1].evidence == shown
    assert not codes(report) & {"open-date-order", "mixed-date-orders"}


def test_days_in_several_orders_are_told_with_their_rows() -> None:
    report = column("31.12.2017", "12/31/2017", "2017-12-31", "30.12.2017")
    assert report.reading.columns[1].date_order == "dmy"
    found = note(report, "mixed-date-orders")
    assert (found.severity, found.column, found.rows) == (Severity.WARNING, 1, (3, 4))
    for said in (
        "“31.12.2017” in row 2",
        "“12/31/2017” in row 3",
        "“2017-12-31” in row 4",
        "1 day does not fit",
    ):
        assert said in found.message


@pytest.mark.parametrize(("cell", "order"), [("1/2/2017", "mdy"), ("01-02-2017", "dmy")])
def test_an_order_that_nothing_tells_is_assumed_and_said(cell: str, order: str) -> None:
    report = column(cell, cell)
    assert report.reading.columns[1].date_order == order
    assert note(report, "open-date-order").severity is Severity.WARNING


def test_days_that_tell_nothing_are_read_as_those_of_the_other_columns() -> None:
    report = inspected("from,to", "1/2/2017,31/12/2017", "3/2/2017,30/12/2017")
    assert [column.date_order for column in report.reading.columns] == ["dmy", "dmy"]
    assert "open-date-order" not in codes(report)


def test_short_years_are_told() -> None:
    assert "69 to 68 are 1969 to 2068" in note(column("31.12.17", "1.1.2018"), "short-years").message


# --- What may surprise -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "cells", "rows", "said"),
    [
        ("error-values", ("1", "#REF!", "2", "#DIV/0!", "3", "4", "5"), (3, 5), "2 cells show an error"),
        ("empty-words", ("1", "n.a.", "2", "-"), (3, 5), "“n.a.” in row 3: taken for empty"),
        ("empty-words", ("one", "none", "two"), (3,), "kept as text"),
        ("leading-zeros", ("10", "007"), (3,), "1 text of digits begins with a zero, such as “007” in row 3"),
        ("long-numbers", ("1234567890123456", "7"), (2,), "1 number has more than 15 digits"),
        ("long-numbers", ("1234567890123450000", "7"), (2,), "a spreadsheet has lost their last digits"),
        ("shortened-numbers", ("1.23E+15", "7"), (2,), "“1.23E+15” in row 2"),
        ("no-break-blanks", ("1", "1\u202f234", "2\u00a0€"), (3, 4), "2 cells have a blank that does not break"),
        ("currencies", ("$1.50", "2.50"), (2,), "a currency, $ (1), such as “$1.50” in row 2: it is left out"),
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
    code: str, cells: tuple[str, ...], rows: tuple[int, ...], said: str
) -> None:
    found = note(column(*cells), code)
    assert (found.column, found.rows) == (1, rows)
    assert said in found.message


def test_plain_columns_are_noted_for_nothing() -> None:
    report = inspected(
        "item,name,price,since,active",
        "A-1,Corn flakes 12 OZ,12.50,2017-12-31,yes",
        "A-2,100 % juice,7.00,2018-01-01,no",
        'A-3,"Bread, rye",-3.25,2018-01-02,yes',
    )
    assert report.notes == ()


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


# --- Totals ----------------------------------------------------------------------------------------------------------

LINES = ("item,name,price", "1,apples,1.50", "2,pears,2.50", "3,plums,4.00")


@pytest.mark.parametrize(
    "last",
    ["Total,,8.00", ",Total,8.00", "Summe:,,9", "Total of all items,,8.00", ",,8.00", ",3 items,8.00", "TOTALS,x,1"],
)  # fmt: skip
def test_a_total_at_the_end_is_left_out_and_told(last: str) -> None:
    report = inspected(*LINES, last)
    assert report.reading.left_out == (5,)
    assert (report.rows, report.columns[2].filled) == (3, 3)
    assert note(report, "total-rows").rows == (5,)


def test_several_rows_at_the_end_may_be_totals() -> None:
    report = inspected(*LINES, "Subtotal,,8.00", "Total,,8.00")
    assert report.reading.left_out == (5, 6)
    assert "Rows 5, 6 look like totals" in note(report, "total-rows").message


@pytest.mark.parametrize(
    "last", ["4,Total,8.00", "4,Total cereal,8.00", "Total care,soap,8.00", ",,7.00", "4,figs,"]
)
def test_a_record_at_the_end_is_none(last: str) -> None:
    report = inspected(*LINES, last)
    assert report.reading.left_out == ()
    assert report.rows == 4
    assert "total-rows" not in codes(report)


def test_nothing_is_left_out_but_what_was_said() -> None:
    report = inspected(*LINES, "Total,,8.00", said=Reading(left_out=(3,)))
    assert report.reading.left_out == (3,)
    assert report.rows == 3
    assert "total-rows" not in codes(report)


def test_a_sum_is_found_however_its_numbers_are_written() -> None:
    report = inspected(
        "item;name;price", "1;apples;1.234,50 €", "2;pears;(234,50)", "3;plums;N/A", ";;1.000,00 €"
    )
    assert report.reading.left_out == (5,)


def test_the_only_row_is_a_record_whatever_it_says() -> None:
    assert inspected("item,price", "Total,5").rows == 1
