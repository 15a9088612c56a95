from __future__ import annotations

import pytest

from batchbook.grid import GridState, Sort
from batchbook.master.links import ListMenus, MenuLink, SortMark, added, clicked, mark_of
from batchbook.services import Services


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


def test_menus_of_other_packages_are_offered_where_they_have_links() -> None:
    state, view = GridState(search="rye"), object()
    services = Services({})
    services.add(ListMenus, ListMenus())
    menus = services.get(ListMenus)
    menus["Nothing"] = lambda _view, _state: []
    menus["Print"] = lambda given, shown: (
        [MenuLink("Labels", f"/print?q={shown.search}")] if given is view else []
    )
    assert ListMenus.of(services, view, state) == [("Print", [MenuLink("Labels", "/print?q=rye")])]
    assert ListMenus.of(services, None, state) == []
