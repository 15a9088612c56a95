"""The state of a grid goes into a link and comes back; what cannot be used of a link becomes a problem."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from webob.multidict import MultiDict

from batchbook.grid import Filter, Grid, GridState, Sort, Verb, has_grid_params, with_filters_of

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


def test_a_link_carries_alternatives_and_the_search() -> None:
    state = GridState(
        filters=(
            Filter("active", Verb.IS_TRUE),
            Filter("price", Verb.LESS, ("1",), group=1),
            Filter("code", Verb.ANY_OF, ("0007", "0010"), group=1),
            Filter("price", Verb.GREATER, ("9",), group=2),
        ),
        search="rye bread",
    )
    assert state.to_query() == [
        ("f.active.is_true", ""),
        ("f1.price.less", "1"),
        ("f1.code.any_of", "0007"),
        ("f1.code.any_of", "0010"),
        ("f2.price.greater", "9"),
        ("q", "rye bread"),
    ]
    assert read(*state.to_query()) == state == GridState.from_json(state.to_json(), COLUMNS)
    assert [(number, len(clauses)) for number, clauses in state.groups] == [(0, 1), (1, 2), (2, 1)]


def test_alternatives_are_numbered_and_one_alone_is_none() -> None:
    state = read(("f7.price.less", "1"), ("f3.price.greater", "9"), ("f.active.is_true", ""))
    assert [clause.group for clause in state.filters] == [0, 1, 2]
    less, cheap = state.without(state.filters[1]), state.without(state.filters[0])
    assert [(clause.column, clause.group) for clause in less.filters] == [("active", 0), ("price", 0)]
    assert [clause.group for clause in cheap.filters] == [1, 2]
    assert read(("f1.price.less", "1")) == read(("f.price.less", "1"))


def test_filters_are_added_to_all_rows_and_taken_out_again() -> None:
    clause, other = Filter("active", Verb.IS_TRUE), Filter("price", Verb.LESS, ("1",))
    both = GridState(page=4).narrowed(clause).toggled(other)
    assert (both.filters, both.page) == ((clause, other), 1)
    assert both.toggled(clause).filters == (other,)
    assert both.narrowed(clause) == both


def test_json_carries_the_whole_state() -> None:
    assert GridState.from_json(FULL.to_json(), COLUMNS) == FULL


def test_the_default_state_needs_no_words() -> None:
    assert GridState().to_query() == []
    assert read(("view", "default"), ("csrf_token", "x")) == GridState()


def test_a_pasted_list_is_any_of_its_lines() -> None:
    assert read(("f.code.any_of", "0007\r\n0010\n\n0007 ")).filters == (
        Filter("code", Verb.ANY_OF, ("0007", "0010")),
    )


def test_a_list_of_a_thousand_numbers_is_a_state() -> None:
    numbers = [f"590123{number:07}" for number in range(1000)]
    state = read(("f.code.any_of", "\n".join(numbers)))
    assert (len(state.filters[0].values), state.problems) == (1000, ())
    assert read(*state.to_query()) == state


def test_a_filter_taken_out_leaves_the_others_at_the_first_page() -> None:
    less = FULL.without(Filter("name", Verb.CONTAINS, ("50%",)))
    assert (len(less.filters), less.page) == (4, 1)
    assert less == replace(FULL, filters=(*FULL.filters[:3], FULL.filters[4])).at_page(1)


def test_filters_and_the_search_of_one_state_go_to_another() -> None:
    remembered = GridState(sort=(Sort("price"),), search="rye", filters=(Filter("active", Verb.IS_TRUE),))
    other = GridState(
        search="oat", filters=(Filter("code", Verb.EQUAL, ("7",), 1), Filter("stock", Verb.EMPTY, (), 2))
    )
    both = GridState.from_json(with_filters_of(remembered.to_json(), other.to_json()), COLUMNS)
    assert both == replace(other, sort=remembered.sort)


def test_grid_parameters_are_told_from_others() -> None:
    assert has_grid_params(MultiDict([("view", "x"), ("page", "2")]))
    assert not has_grid_params(MultiDict([("view", "x"), ("fish", "2")]))


@pytest.mark.parametrize(
    "data",
    [None, 7, [], {}, {"query": 3}, {"query": [None, ["a"], [1, 2], ["sort", None], ["f.code.equal"]]}],
)
def test_json_of_any_shape_is_read(data: Any) -> None:
    assert GridState.from_json(data, COLUMNS) == GridState()


def test_a_group_alone_stays_apart_from_a_like_filter_for_all_rows() -> None:
    state = read(("f.name.any_of", "rye"), ("f1.name.any_of", "bread"))
    assert [(clause.group, clause.values) for clause in state.filters] == [(0, ("rye",)), (1, ("bread",))]
    assert read(*state.to_query()) == state


NAMES = st.sampled_from(
    [f"f{group}.{column.name}.{verb}" for column in COLUMNS for verb in Verb for group in ("", 1, 22)]
    + ["q", "sort", "page", "size", "f.", "f.a.b.c", "f123.code.equal"]
)
VALUES = st.text(max_size=30) | st.sampled_from(
    ["-price", "99999999999999999999", "1" * 5000, "2026-01-01", "new", "-"]
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_no_link_breaks_a_grid(pairs: list[tuple[str, str]]) -> None:
    state = read(*pairs)
    assert all(problem.endswith(".") for problem in state.problems)
    kept = replace(state, problems=())
    assert read(*state.to_query()) == kept
    article_grid().where(state, "ann")


def test_a_hostile_link_still_shows_the_page(db: Session, grid: Grid) -> None:
    hostile = [
        ("page", "99999999999999999999"),
        ("size", "7"),
        ("sort", "__class__"),
        ("f.x.y", "1"),
        ("f.price.less", "9' OR 1=1"),
    ]
    longest = ("f.name.contains", "".join(chr(n) for n in range(0xE0, 0xE0 + 200) if n != 0xF7))
    page = grid.window(db, read(*hostile), "ann")
    assert (page.state.page, len(page.rows), len(page.state.problems)) == (1, 6, 4)
    assert grid.window(db, read(longest), "ann").total == 0
    assert grid.window(db, read(("f.name.not_contains", longest[1])), "ann").total == 6
