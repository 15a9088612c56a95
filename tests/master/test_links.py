from __future__ import annotations

import pytest

from batchbook.grid import Sort
from batchbook.master.links import SortMark, added, clicked, mark_of


def sorts(*texts: str) -> tuple[Sort, ...]:
    return tuple(Sort(text.removeprefix("-"), descending=text.startswith("-")) for text in texts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), ("price",)),
        (("price",), ("-price",)),
        (("-price",), ()),
        (("code",), ("price",)),
        (("price", "code"), ("price",)),
        (("code", "-price"), ("price",)),
    ],
)
def test_a_click_sorts_by_one_column_then_turns_it_then_drops_it(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    assert clicked(sorts(*before), "price") == sorts(*after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), ("price",)),
        (("code",), ("code", "price")),
        (("code", "price"), ("code", "-price")),
        (("code", "-price", "name"), ("code", "name")),
        (("a", "b", "c", "d", "e"), ("a", "b", "c", "d", "price")),
    ],
)
def test_a_click_that_adds_makes_a_last_key_then_turns_it_in_its_place_then_drops_it(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    assert added(sorts(*before), "price") == sorts(*after)


def test_a_header_tells_its_place_and_direction() -> None:
    assert mark_of(sorts("-price"), "price") == SortMark(place=1, descending=True, alone=True)
    assert mark_of(sorts("code", "price"), "price") == SortMark(place=2, descending=False, alone=False)
    assert mark_of(sorts("code"), "price") is None
