from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from batchbook.batches.intake import IntakeField, IntakeMapping, RememberedMapping, suggest
from batchbook.batches.intake.suggestions import normalise_name
from batchbook.grid import Kind
from batchbook.tables.report import ColumnReport, Reading, Report

from .fields import FIELDS, field


def report(*headings: str, kinds: dict[str, str] | None = None) -> Report:
    """A report of a table with those headings; columns hold texts unless ``kinds`` says otherwise."""
    columns = tuple(
        ColumnReport(heading, (kinds or {}).get(heading, "text"), 1, 0, ("x",), {}) for heading in headings
    )
    return Report("list.csv", 1, Reading(format="csv"), (), 1, 0, columns, (), ())


@pytest.mark.parametrize("heading", ["Item Codes", "ITEM-CODE", "itemCode", " item code: ", "İtém_Code"])
def test_case_accents_punctuation_and_plurals_make_no_difference(heading: str) -> None:
    assert normalise_name(heading) == normalise_name("item_code") == "itemcode"


def test_fields_get_the_columns_with_their_names_and_what_looks_alike_is_a_guess() -> None:
    found = suggest(FIELDS, report("Colour", "Item Codes", "Cost", "Remark (internal)"))
    assert found.mapping.columns == {"item_code": 1, "price": 2}
    assert found.guesses == {"remark": 3}
    assert found.reasons == {
        "item_code": "by its name",
        "price": "by a similar name",
        "remark": "a guess: the names are similar",
    }
    assert found.missing(FIELDS) == []


def test_what_stands_exactly_as_people_are_told_comes_before_what_looks_the_same() -> None:
    found = suggest(FIELDS, report("Unit Prices", "price", "Item code"))
    assert found.mapping.columns == {"item_code": 2, "price": 1}


def test_two_columns_with_one_name_are_not_chosen_between() -> None:
    found = suggest(FIELDS, report("item_code", "price", "Price"))
    assert found.mapping.columns == {"item_code": 0}
    assert found.reasons["price"] == "2 columns have its name: choose one"
    assert [wanted.name for wanted in found.missing(FIELDS)] == ["price"]


def test_a_date_is_not_guessed_to_be_a_number() -> None:
    assert suggest(FIELDS, report("price per", kinds={"price per": "date"})).guesses == {}
    assert suggest(FIELDS, report("price per", kinds={"price per": "number"})).guesses == {"price": 0}


BEFORE = IntakeMapping(
    columns={"item_code": 2, "price": 0},
    constants={"remark": ""},
    values={"price": {"free": "0"}},
    widths={"item_code": 9},
    carried=(1,),
    headings=("Betrag", "Farbe", "Artikel"),
)


def test_what_was_used_last_for_the_sender_is_used_again_wherever_its_columns_stand() -> None:
    found = suggest(
        FIELDS, report("Artikel", "Farbe", "Betrag"), RememberedMapping(BEFORE, "last time for V1")
    )
    assert found.mapping == IntakeMapping(
        {"item_code": 0, "price": 2},
        {"remark": ""},
        {"price": {"free": "0"}},
        {"item_code": 9},
        (1,),
        ("Artikel", "Farbe", "Betrag"),
    )
    assert set(found.reasons.values()) == {"as last time for V1"}


def test_a_column_that_is_there_now_comes_before_the_text_it_lacked_last_time() -> None:
    headings = ("Artikel", "Betrag", "remark")
    found = suggest(FIELDS, report(*headings), RememberedMapping(BEFORE, "last time for V1"))
    assert (found.mapping.columns["remark"], found.mapping.constants) == (2, {})


def test_what_was_used_for_somebody_else_is_only_a_guess() -> None:
    unsure = RememberedMapping(BEFORE, "last time", sure=False)
    found = suggest(FIELDS, report("Artikel", "Betrag", "price"), unsure)
    assert (found.mapping.columns, found.guesses) == ({"price": 2}, {"item_code": 0})
    assert (found.mapping.constants, found.mapping.widths) == ({}, {"item_code": 9})


def test_a_mapping_is_the_same_after_it_was_kept() -> None:
    assert IntakeMapping.from_json(BEFORE.to_json()) == BEFORE


def test_a_guess_gives_way_to_who_has_the_name() -> None:
    fields = (field("unit", Kind.TEXT), field("unit_price", Kind.TEXT))
    before = IntakeMapping({"unit": 0}, headings=("unit price",))
    found = suggest(fields, report("unit price"), RememberedMapping(before, "last time", sure=False))
    assert (found.mapping.columns, found.guesses) == ({"unit_price": 0}, {})


def test_the_fields_label_is_a_name_of_it() -> None:
    wanted = IntakeField("n", field("price", Kind.DECIMAL).column)
    assert suggest((wanted,), report("PRICE")).reasons == {"n": "by its name"}


def test_columns_without_headings_may_be_recognised_by_what_they_contain() -> None:
    def recognise(columns: Sequence[ColumnReport]) -> dict[str, int]:
        return {"price": len(columns) - 1, "item_code": 0, "remark": 0}

    found = report("Column 1", "Column 2")
    headless = replace(found, reading=Reading(format="csv", header_row=0))
    suggested = suggest(FIELDS, headless, None, recognise)
    assert suggested.mapping.columns == {"item_code": 0, "price": 1}
    assert suggested.reasons == dict.fromkeys(("item_code", "price"), "by what it contains")
    # Headings say more than contents, and so does what was chosen before.
    headed = replace(found, reading=Reading(format="csv", header_row=1))
    assert suggest(FIELDS, headed, None, recognise).mapping.columns == {}
    before = RememberedMapping(
        IntakeMapping(columns={"price": 0}, headings=("Column 1", "Column 2")), "last time"
    )
    assert suggest(FIELDS, headless, before, recognise).mapping.columns == {"price": 0}
