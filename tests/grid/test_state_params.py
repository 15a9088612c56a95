"""What cannot be used of a link is left out and becomes a problem."""

from __future__ import annotations

from dataclasses import replace

import pytest
from webob.multidict import MultiDict

from batchbook.grid import Filter, GridState, Sort, Verb, columns_of

from .harness import Article, article_grid

COLUMNS = article_grid().columns


def read(*pairs: tuple[str, str]) -> GridState:
    return GridState.from_params(MultiDict(pairs), COLUMNS)


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
        ("f2.price.equal", "cheap", "The filter “Price is” was left out. “cheap” is not a number: use digits, with . as the decimal sign."),
        ("q", "x" * 201, "The search was left out. It takes 10 words of 200 characters together at most."),
        ("q", "a b c d e f g h i j k", "The search was left out. It takes 10 words of 200 characters together at most."),
        ("q", "a\x00b", "The search was left out. “a�b” holds a character that cannot be stored."),
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
    assert state == GridState(problems=(problem,))


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


def test_a_list_without_texts_has_no_search() -> None:
    state = GridState.from_params([("q", "rye")], columns_of(Article, ["price", "stock"]))
    assert state == GridState(
        problems=("There are no texts to search in this list; the search was left out.",)
    )
