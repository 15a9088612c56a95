"""The state of a grid goes into a link and comes back; what cannot be used of a link becomes a problem."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from webob.multidict import MultiDict

from batchbook.grid import Filter, Grid, GridState, Sort, Verb, columns_of, has_grid_params

from .harness import Article, article_grid

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


def test_a_pasted_list_is_any_of_its_lines() -> None:
    assert read(("f.code.any_of", "0007\r\n0010\n\n0007 ")).filters == (
        Filter("code", Verb.ANY_OF, ("0007", "0010")),
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("f.prize.equal", "1", "There is no filter “prize.equal” in this grid; it was left out."),
        ("f.price.contains", "1", "There is no such verb as in “price.contains” in this grid; it was left out."),
        ("f.x.y", "1", "There is no filter “x.y” in this grid; it was left out."),
        ("f.", "", "There is no filter “” in this grid; it was left out."),
        ("f.price.equal", "cheap", "The filter “Price is” was left out. “cheap” is not a number: use digits, with . as the decimal sign."),
        ("f.price.equal", "", "The filter “Price is” was left out. It needs a value."),
        ("f.price.equal", "1.005", "The filter “Price is” was left out. “1.005” has more than 2 digits behind the decimal sign; it is not rounded for you."),
        ("f.price.between", "1", "The filter “Price is between” was left out. It needs 2 values."),
        ("f.state.equal", "lost", "The filter “State is” was left out. “lost” is not one of the choices: Brand new, Old."),
        ("f.stock.equal", "99999999999999999999", "The filter “Stock is” was left out. “99999999999999999999” is too large: the most is 2147483647."),
        ("f.name.contains", "a\x00b", "The filter “Name contains” was left out. “a�b” holds a character that cannot be stored."),
        ("sort", "__class__", "There is no column “__class__” to sort by; it was left out."),
        ("sort", "--price", "There is no column “-price” to sort by; it was left out."),
        ("page", "0", "There is no page “0”; the first page is shown."),
        ("page", "-1", "There is no page “-1”; the first page is shown."),
        ("page", "٣", "There is no page “٣”; the first page is shown."),
        ("size", "7", "A page cannot have “7” rows; choose one of 20, 50, 100, 200, 500."),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_left_out_and_said(name: str, value: str, problem: str) -> None:
    state = read((name, value))
    assert state.problems == (problem,)
    assert (state.filters, state.sort, state.page, state.page_size) == ((), (), 1, 50)


def test_one_bad_clause_costs_only_itself() -> None:
    state = read(("f.price.equal", "cheap"), ("f.price.greater", "1"), ("sort", "nowhere"), ("sort", "code"))
    assert state.filters == (Filter("price", Verb.GREATER, ("1",)),)
    assert state.sort == (Sort("code"),)
    assert len(state.problems) == 2


def test_values_the_wrong_way_round_are_said() -> None:
    assert "first value is above" in read(("f.price.between", "5"), ("f.price.between", "1")).problems[0]


def test_columns_not_offered_are_not_filtered_or_sorted() -> None:
    closed = [replace(column, sortable=False, filterable=False) for column in columns_of(Article, ["code"])]
    state = GridState.from_params([("f.code.equal", "1"), ("sort", "code")], closed)
    assert (state.filters, state.sort, len(state.problems)) == ((), (), 2)


def test_crowds_of_clauses_are_cut() -> None:
    state = read(
        *[("f.code.contains", f"{n}") for n in range(500)], *[("sort", column.name) for column in COLUMNS]
    )
    assert (len(state.filters), len(state.sort)) == (20, 5)
    assert state.problems == (
        "A grid takes 20 filters at most; the first 20 are used.",
        "A grid sorts by 5 columns at most; the first 5 are used.",
    )
    crowd = read(*[("f.code.any_of", f"{n}") for n in range(1001)])
    assert crowd.filters == ()
    assert "1000 values at most" in crowd.problems[0]
    assert len(read(*[(f"f.x{n}.equal", "") for n in range(500)]).problems) == 10


def test_reading_ends_where_no_more_filters_are_taken() -> None:
    crowd = [("f.code.contains", f"{n}") for n in range(500)] * 2
    state = read(*crowd, ("f.price.equal", "cheap"))
    assert state.problems == ("A grid takes 20 filters at most; the first 20 are used.",)
    assert (
        read(*crowd[:20], *crowd[:20], ("f.price.equal", "cheap"))
        .problems[0]
        .startswith("The filter “Price is”")
    )


def test_a_list_of_a_thousand_numbers_is_a_state() -> None:
    numbers = [f"590123{number:07}" for number in range(1000)]
    state = read(("f.code.any_of", "\n".join(numbers)))
    assert (len(state.filters[0].values), state.problems) == (1000, ())
    assert read(*state.to_query()) == state


@pytest.mark.parametrize(
    "pairs",
    [
        [("f.code.contains", "x" * 50_000)],
        [(f"f.nothing{n}.equal", "") for n in range(3000)],
        [("sort", "x" * 100)] * 500,
        [("f.code.any_of", f"{n:04}€€€€€€") for n in range(600)],
        # These are short enough, until their values stand in a link one by one.
        [(f"f.{name}.any_of", "\n".join(f"{n:08}" for n in range(1000))) for name in ("code", "name")],
    ],
)  # fmt: skip
def test_a_state_has_as_much_text_as_a_link_may_carry(pairs: list[tuple[str, str]]) -> None:
    too_long = (
        "The filters together make a link of more than 40,000 characters, so none of them is used."
        " Use fewer or shorter values."
    )
    assert read(*pairs) == GridState(problems=(too_long,))
    assert GridState.from_json({"query": pairs}, COLUMNS) == GridState(problems=(too_long,))


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


NAMES = st.sampled_from(
    [f"f.{column.name}.{verb}" for column in COLUMNS for verb in Verb]
    + ["sort", "page", "size", "f.", "f.a.b.c"]
)
VALUES = st.text(max_size=30) | st.sampled_from(
    ["-price", "99999999999999999999", "1" * 5000, "2026-01-01", "new", "-"]
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_no_link_breaks_a_grid(pairs: list[tuple[str, str]]) -> None:
    state = read(*pairs)
    assert all(problem.endswith(".") for problem in state.problems)
    kept = GridState(state.filters, state.sort, state.page, state.page_size)
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
