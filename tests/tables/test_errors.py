"""Files that nobody should have to read: each is refused with a sentence, or read."""

from __future__ import annotations

import pytest
from tests.tables.hostile import HOSTILE, refusal_of

from batchbook.tables.errors import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    cell_too_long_message,
    rows_at_once,
    sheet_too_large_message,
)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence_or_read(what: str) -> None:
    name, make, sentence = HOSTILE[what]
    refusal = refusal_of(name, make())
    assert bool(refusal) == bool(sentence)
    assert sentence in refusal
    assert refusal.startswith(f"“{name}” ") == bool(sentence)
    assert refusal.endswith(".") == bool(sentence)


@pytest.mark.parametrize(
    ("size", "width", "rows"), [(5_000, 8, 1_000), (5_000, 1, 5_000), (5_000, 1_000, 100), (20, 8, 20), (5_000, 0, 5_000)]
)  # fmt: skip
def test_as_many_rows_are_held_as_make_some_thousand_cells(size: int, width: int, rows: int) -> None:
    assert rows_at_once(size, width) == rows


def test_messages_name_the_place_and_the_limits() -> None:
    message = sheet_too_large_message(1_048_576, 16_384)
    assert message.startswith("has cells down to row 1,048,576 and out to column 16,384")
    for limit in (MAX_ROWS, MAX_COLUMNS, MAX_CELLS):
        assert f"{limit:,}" in message
    assert "in row 7" in cell_too_long_message(7)
