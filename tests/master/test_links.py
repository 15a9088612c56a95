from __future__ import annotations

import pytest

from batchbook.grid import Sort
from batchbook.master.links import SortMark, clicked, mark_of


def sorts(*texts: str) -> tuple[Sort, ...]:
    return tuple(Sort(text.removeprefix("-"), descending=text.startswith("-")) for text in texts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), ("price",)),
        (("price",), ("-price",)),
        (("-price",), ()),
        (("code",), ("price", "code")),
        (("code", "price"), ("price", "code")),
        (("code", "-price"), ("price", "code")),
        (("price", "-code"), ("-price", "-code")),
        (("-price", "-code"), ("-code",)),
        (("a", "b", "c"), ("price", "a", "b")),
        (("a", "b", "price"), ("price", "a", "b")),
    ],
)
def test_a_click_makes_a_first_key_then_turns_it_then_drops_it(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    assert clicked(sorts(*before), "price") == sorts(*after)


def test_a_header_tells_its_place_and_direction() -> None:
    assert mark_of(sorts("-price"), "price") == SortMark(place=1, descending=True, alone=True)
    assert mark_of(sorts("code", "price"), "price") == SortMark(place=2, descending=False, alone=False)
    assert mark_of(sorts("code"), "price") is None
