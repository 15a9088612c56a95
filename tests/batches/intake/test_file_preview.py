"""Previews show texts, their meaning, and the texts that are not recognised."""

from __future__ import annotations

import io
from dataclasses import replace

from batchbook.batches.intake.file_preview import preview_cells, preview_rows, unrecognised_texts

from .fields import FIELDS
from .inspected import TABLE, inspected


def test_cells_have_their_text_and_their_problem() -> None:
    (number, first), (_, second) = preview_cells(inspected(), FIELDS, 2)
    assert (number, [cell.raw for cell in first]) == (2, ["1234", "1.50", "fresh", "red"])
    assert [bool(cell.problem) for cell in second] == [False, True, False, False]


def test_rows_have_the_values_of_their_fields() -> None:
    preview = preview_rows(inspected(), FIELDS, 1)
    assert preview.labels == ["Item code", "Price", "Remark"]
    ((number, cells),) = preview.rows
    assert (number, [cell.meaning for cell in cells]) == (2, ["1234", "1.50", "fresh"])


def test_a_column_that_is_only_guessed_is_previewed_as_well() -> None:
    intake = inspected()
    sure = replace(
        intake.mapping, columns={name: at for name, at in intake.mapping.columns.items() if name != "price"}
    )
    suggestion = replace(intake.suggestion, mapping=sure, guesses={"price": 1})
    preview = preview_rows(replace(intake, suggestion=suggestion), FIELDS, 1)
    assert preview.labels == ["Item code", "Price", "Remark"]
    assert preview.guessed == {"Price"}
    ((_, cells),) = preview.rows
    assert [cell.meaning for cell in cells] == ["1234", "1.50", "fresh"]


def test_texts_that_are_not_recognised_are_counted_by_field() -> None:
    table = TABLE + "1,cheap,,\n2,free,,\n"
    found = unrecognised_texts("list.csv", io.BytesIO(table.encode()), inspected(table), FIELDS)
    assert found == {"price": {"cheap": 2, "free": 1}}
