"""Rows as every reader gives them: in blocks, blank ones passed over where rows are looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batchbook.tables.formats import Block, blocks_of, first_rows, is_blank
from batchbook.tables.report import Note


class Sheet:
    """Rows that are given block by block."""

    def __init__(self, *blocks: Block) -> None:
        self._blocks = blocks

    def blocks(self, _size: int) -> Iterator[Block]:
        yield from self._blocks

    def notes(self) -> tuple[Note, ...]:
        return ()


@pytest.mark.parametrize(
    ("row", "blank"), [([], True), (["", " \t"], True), (["\u00a0"], True), (["", "0"], False)]
)
def test_a_row_of_blanks_is_blank(row: list[str], blank: bool) -> None:
    assert is_blank(row) is blank


def test_a_block_ends_where_it_is_full_and_where_rows_are_missing() -> None:
    rows = [(number, [str(number)]) for number in (2, 3, 4, 7, 8)]
    assert [(block.first, len(block.rows)) for block in blocks_of(rows, 2)] == [(2, 2), (4, 1), (7, 2)]
    assert list(blocks_of([], 2)) == []


def test_the_first_rows_are_those_that_are_not_blank() -> None:
    sheet = Sheet(Block(1, [[""], ["a"]]), Block(5, [[" "], ["b"], ["c"]]))
    assert first_rows(sheet, 2) == [(2, ["a"]), (6, ["b"])]
