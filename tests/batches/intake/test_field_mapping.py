"""Fields know the headings that files give them, and a mapping fits tables with the same headings only."""

from __future__ import annotations

import pytest
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches.intake.field_mapping import (
    IntakeMapping,
    column_title,
    fields_of,
    headings_of,
    merge_texts,
)

from .fields import FIELDS

MAPPING = IntakeMapping(
    columns={"item_code": 1, "price": 0}, constants={"remark": ""}, carried=(2,), headings=("a", "b", "c")
)


def test_a_field_is_made_for_each_column_of_a_file() -> None:
    item, counted = fields_of(ShelfCountRow, {"item": "item_code", "counted": "counted"})
    assert (item.name, item.heading, item.required, item.key) == ("item_code", "item", True, False)
    assert counted.label == "Counted"
    with pytest.raises(ValueError, match="colour"):
        fields_of(ShelfCountRow, {"colour": "colour"})


def test_headings_are_names_labels_and_synonyms_in_lower_case() -> None:
    assert headings_of(FIELDS) == {"item_code", "item code", "price", "unit price", "cost", "remark"}


def test_a_mapping_knows_which_fields_it_fills_and_from_where() -> None:
    assert [MAPPING.fills(name) for name in ("item_code", "remark", "size")] == [True, True, False]
    assert [(place, field.name) for place, field in MAPPING.placed(FIELDS)] == [
        (1, "item_code"),
        (0, "price"),
    ]
    assert (MAPPING.heading_of("item_code"), MAPPING.heading_of("remark")) == ("b", None)


@pytest.mark.parametrize(
    ("headings", "fits"), [(("a", "b", "c", "d"), True), (("b", "a", "c"), False), (("a", "b"), False)]
)
def test_a_mapping_fits_tables_with_its_headings_in_place(headings: tuple[str, ...], fits: bool) -> None:
    assert MAPPING.fits(headings) is fits


def test_a_mapping_survives_json() -> None:
    assert IntakeMapping.from_json(MAPPING.to_json()) == MAPPING


def test_replacements_are_merged_by_field_and_the_later_ones_win() -> None:
    merged = merge_texts({"a": {"x": "1", "y": "2"}}, {"a": {"y": "3"}, "b": {"z": "4"}})
    assert merged == {"a": {"x": "1", "y": "3"}, "b": {"z": "4"}}


def test_a_column_without_a_heading_has_its_number_as_title() -> None:
    assert (column_title(" Price ", 0), column_title(" ", 3)) == ("Price", "Column 4")
