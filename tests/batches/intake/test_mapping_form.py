"""Columns are chosen by a form or by pairs of names, and codes without their zeros are offered to be padded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchbook.batches.intake.mapping_form import (
    CONSTANT_CHOICE,
    MappingOffers,
    check_mapping,
    choose_columns,
    intake_from_form,
    mapping_form,
    mapping_form_values,
    offer_padding,
    usual_length,
)
from batchbook.errors import BadInput
from batchbook.grid import CANONICAL, NumberFormat
from batchbook.tables.report import ColumnReading

from .fields import FIELDS
from .inspected import inspected

OFFERS = MappingOffers(texts={"price": {"cheap": 1}})


def test_the_usual_length_is_that_of_nearly_all_codes() -> None:
    assert usual_length({9: 95, 6: 5}) == 9
    assert usual_length({9: 60, 6: 40}) is None
    assert usual_length({}) is None


def test_codes_that_lack_zeros_are_offered_to_be_padded() -> None:
    offer = offer_padding({6: 20}, {9: 1_000})
    assert offer is not None
    assert offer.width == 9
    assert offer.evidence == (
        "1,000 of 1,000 codes known here have 9 digits; 20 codes in the file have 6: a spreadsheet may have stripped"
        " their zeros."
    )
    assert offer_padding({9: 20}, {9: 1_000}) is None
    assert offer_padding({6: 1, 12: 1}, {9: 1_000}) is None


def test_the_form_shows_the_mapping_and_returns_it() -> None:
    intake = inspected()
    form, values = (
        mapping_form(intake, FIELDS, OFFERS, carries=True),
        mapping_form_values(intake, FIELDS, OFFERS),
    )
    assert (values["column.item_code"], values["column.price"], values["value.price.0"]) == ("0", "1", None)
    bound = form.validate(
        {"column.item_code": "0", "column.price": "1", "value.price.0": "0.99", "carried": "3"}
    )
    chosen = intake_from_form(bound, intake, FIELDS, OFFERS)
    check_mapping(bound, chosen, FIELDS, OFFERS)
    assert bound.errors == {}
    assert (chosen.decided, chosen.mapping.columns, chosen.mapping.carried) == (
        True,
        {"item_code": 0, "price": 1},
        (3,),
    )
    assert chosen.mapping.values == {"price": {"cheap": "0.99"}}


def test_numbers_are_typed_in_a_persons_format_and_kept_as_files_are_read() -> None:
    comma = NumberFormat.COMMA.conventions
    report = inspected().report
    reading = replace(report.reading, columns=(ColumnReading(), ColumnReading(decimal_sign=",")))
    in_commas = replace(inspected(), report=replace(report, reading=reading))
    for intake, typed, conventions, kept in (
        (inspected(), "1.234,5", comma, "1234.5"),
        (in_commas, "1.234,5", comma, "1234,5"),
        (in_commas, "0.99", CANONICAL, "0,99"),
    ):
        form = mapping_form(intake, FIELDS, OFFERS, carries=False)
        sent = {"column.item_code": "0", "column.price": "1", "value.price.0": typed}
        bound = form.validate(sent)
        chosen = intake_from_form(bound, intake, FIELDS, OFFERS, conventions)
        check_mapping(bound, chosen, FIELDS, OFFERS, conventions)
        assert bound.errors == {}
        assert chosen.mapping.values == {"price": {"cheap": kept}}
        shown = mapping_form_values(chosen, FIELDS, OFFERS, conventions)
        assert shown["value.price.0"] == typed.replace("1.234", "1234")

    sent = {"column.item_code": "0", "column.price": CONSTANT_CHOICE, "constant.price": "1,23"}
    bound = mapping_form(inspected(), FIELDS, OFFERS, carries=False).validate(sent)
    chosen = intake_from_form(bound, inspected(), FIELDS, OFFERS, comma)
    check_mapping(bound, chosen, FIELDS, OFFERS, comma)
    assert (bound.errors, chosen.mapping.constants) == ({}, {"price": "1.23"})
    assert mapping_form_values(chosen, FIELDS, OFFERS, comma)["constant.price"] == "1,23"
    bound = mapping_form(inspected(), FIELDS, OFFERS, carries=False).validate(
        sent | {"constant.price": "1.5"}
    )
    check_mapping(bound, intake_from_form(bound, inspected(), FIELDS, OFFERS, comma), FIELDS, OFFERS, comma)
    assert set(bound.errors) == {"constant.price"}


def test_what_is_missing_or_no_value_is_an_error_of_its_field() -> None:
    intake = inspected()
    bound = mapping_form(intake, FIELDS, OFFERS, carries=False).validate(
        {"column.price": CONSTANT_CHOICE, "constant.price": "much"}
    )
    check_mapping(bound, intake_from_form(bound, intake, FIELDS, OFFERS), FIELDS, OFFERS)
    assert set(bound.errors) == {"column.item_code", "constant.price"}


def test_pairs_of_names_choose_columns_values_and_nothing() -> None:
    chosen = choose_columns(
        inspected(), FIELDS, [("remark", "Colour"), ("price", "=1.00"), ("Item code", "")]
    )
    assert chosen.mapping.columns == {"remark": 3}
    assert chosen.mapping.constants == {"price": "1.00", "item_code": ""}


@pytest.mark.parametrize(
    ("pair", "error"),
    [
        (("size", "colour"), "There is no field “size”"),
        (("remark", "size"), "has no column “size”"),
        (("price", "=much"), "The text for Price in all rows cannot be used"),
    ],
)
def test_pairs_that_name_nothing_are_refused(pair: tuple[str, str], error: str) -> None:
    with pytest.raises(BadInput, match=error):
        choose_columns(inspected(), FIELDS, [pair])
