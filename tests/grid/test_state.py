"""The state of a grid goes into a link or into JSON, and comes back the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from webob.multidict import MultiDict

from batchbook.grid import Filter, GridState, Sort, Verb, has_grid_params

from .harness import article_grid

COLUMNS = article_grid().columns


def read(*pairs: tuple[str, str]) -> GridState:
    return GridState.from_params(MultiDict(pairs), COLUMNS)


FULL = GridState(
    filters=(
        Filter("price", Verb.BETWEEN, ("1", "")),
        Filter("code", Verb.ANY_OF, ("0007", "0010")),
        Filter("name", Verb.CONTAINS, ("cheese",)),
        Filter("name", Verb.CONTAINS, ("50%",)),
        Filter("active", Verb.IS_TRUE),
    ),
    sort=(Sort("price", descending=True), Sort("code")),
    page=3,
    page_size=100,
)


def test_a_link_carries_the_whole_state() -> None:
    assert FULL.to_query() == [
        ("f.price.between", "1"),
        ("f.price.between", ""),
        ("f.code.any_of", "0007"),
        ("f.code.any_of", "0010"),
        ("f.name.contains", "cheese"),
        ("f.name.contains", "50%"),
        ("f.active.is_true", ""),
        ("sort", "-price"),
        ("sort", "code"),
        ("page", "3"),
        ("size", "100"),
    ]
    assert read(*FULL.to_query()) == FULL


def test_json_carries_the_whole_state() -> None:
    assert GridState.from_json(FULL.to_json(), COLUMNS) == FULL


def test_the_default_state_needs_no_words() -> None:
    assert GridState().to_query() == []
    assert read(("view", "default"), ("csrf_token", "x")) == GridState()


def test_a_filter_taken_out_leaves_the_others_at_the_first_page() -> None:
    less = FULL.without(Filter("name", Verb.CONTAINS, ("50%",)))
    assert (len(less.filters), less.page) == (4, 1)
    assert less == replace(FULL, filters=(*FULL.filters[:3], FULL.filters[4])).at_page(1)


def test_grid_parameters_are_told_from_others() -> None:
    assert has_grid_params(MultiDict([("view", "x"), ("page", "2")]))
    assert not has_grid_params(MultiDict([("view", "x"), ("fish", "2")]))


@pytest.mark.parametrize(
    "data",
    [None, 7, [], {}, {"query": 3}, {"query": [None, ["a"], [1, 2], ["sort", None], ["f.code.equal"]]}],
)
def test_json_of_any_shape_is_read(data: Any) -> None:
    assert GridState.from_json(data, COLUMNS) == GridState()
