"""The form about a file returns only what differs from the present reading."""

from __future__ import annotations

import io
from typing import Any

from tests.tables.sources import written

from batchbook.batches.intake.file_source import inspect
from batchbook.batches.intake.reading_form import (
    MOST_COLUMNS_SHOWN,
    reading_form,
    reading_form_values,
    reading_from_form,
)
from batchbook.tables.report import Reading

from .fields import FIELDS
from .inspected import TABLE, inspected


def sent(table: str = TABLE, **changed: str) -> Reading:
    """Return the reading after the form about ``table`` was sent with ``changed`` values."""
    intake = inspected(table)
    form = reading_form(intake, FIELDS)
    texts = form.bind(reading_form_values(intake)).texts
    bound = form.validate({**{name: text for name, text in texts.items() if text}, **changed})
    assert bound.valid, bound.errors
    return reading_from_form(bound, intake)


def test_a_form_that_is_sent_as_it_was_chooses_nothing() -> None:
    assert sent() == Reading()


def test_a_changed_delimiter_and_rows_to_skip_are_chosen() -> None:
    assert sent(delimiter="tab").delimiter == "\t"
    assert sent(delimiter="other", delimiter_other="!").delimiter == "!"
    assert sent(left_out="3, 4").left_out == (3, 4)


def test_an_open_decimal_sign_is_chosen_by_sending_the_form_as_it_is() -> None:
    open_table = "item_code;price\n1234;1.250\n12345;2.500\n"
    assert sent(open_table).column(1).decimal_sign == ","
    assert sent(open_table, **{"decimal.1": "."}).column(1).decimal_sign == "."


def test_numbers_of_rows_must_be_numbers() -> None:
    intake = inspected()
    bound = reading_form(intake, FIELDS).validate(
        {"header_row": "1", "header_rows": "1", "left_out": "3, last"}
    )
    assert bound.errors["left_out"] == ["“last” is not a row number: enter numbers separated by commas."]


def test_a_wide_file_has_settings_for_its_first_columns_and_for_those_in_use() -> None:
    wide = ",".join(["item_code", *(f"n{place}" for place in range(3_000)), "price"])
    intake = inspected(f"{wide}\n{','.join(['1234', *['1.5'] * 3_001])}\n")
    names = [item.name for item in reading_form(intake, FIELDS).fields]
    assert len(intake.report.columns) == 3_002
    assert "decimal.3001" in names  # It fills the price.
    assert sum(name.startswith("decimal.") for name in names) == MOST_COLUMNS_SHOWN + 1


def test_merged_cells_are_filled_down_by_a_choice() -> None:
    def fill(_book: Any, page: Any) -> None:
        page.write_row(0, 0, ["department", "item_code", "price"])
        page.merge_range(1, 0, 2, 0, "PASTRY")
        page.write_row(1, 1, ["1234", 1.5])
        page.write_row(2, 1, ["12345", 2.5])

    intake = inspect("list.xlsx", io.BytesIO(written(fill)), FIELDS)
    form = reading_form(intake, FIELDS)
    texts = {name: text for name, text in form.bind(reading_form_values(intake)).texts.items() if text}
    assert texts["merged"] == "kept"
    assert reading_from_form(form.validate(texts), intake).merged == ""
    assert reading_from_form(form.validate({**texts, "merged": "filled"}), intake).merged == "filled"
