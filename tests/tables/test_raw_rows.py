"""Records made from the rows of a file."""

from __future__ import annotations

from tests.tables.sources import opened

from batchbook.tables.report import Reading


def test_numbers_of_rows_are_those_of_the_file() -> None:
    source = opened("\nitem,price\n\n7,1\n \n,\n8,2\n9,3,4\n\n", requested=Reading(left_out=(7,)))
    (chunk,) = source.chunks()
    assert (list(chunk.numbers), [list(row) for row in chunk.records]) == ([4, 8], [["7", "1"], ["9", "3"]])
    assert {number: list(cells) for number, cells in chunk.surplus.items()} == {8: ["4"]}
    assert source.blank_rows == 3  # Neither those above the headings nor those behind the last record.


def test_chunks_are_as_small_as_wanted_and_come_again() -> None:
    source = opened("item\n" + "".join(f"{n}\n" for n in range(10)))
    for _ in range(2):
        lengths = [len(chunk.numbers) for chunk in source.chunks(4)]
        assert (sum(lengths), max(lengths)) == (10, 4)
