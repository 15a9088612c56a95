"""Facets set filters on their own column and leave the others alone."""

from __future__ import annotations

import pytest

from batchbook.grid import Column, Filter, GridState, Verb
from batchbook.grid.facet_filters import FacetChoice, others_of, own_filters, values_of

from .harness import article_grid

COLUMNS = {column.name: column for column in article_grid().columns}
OWNER, PRICE, STATE = COLUMNS["owner"], COLUMNS["price"], COLUMNS["state"]
OTHER = Filter("active", Verb.IS_TRUE)


def choice(column: Column, *clauses: tuple[str, tuple[str, ...]]) -> FacetChoice:
    filters = (OTHER, *(Filter(column.name, Verb(verb), values) for verb, values in clauses))
    return FacetChoice.of(GridState(filters=filters, page=3), column)


def told(state: GridState) -> list[tuple[str, tuple[str, ...]]]:
    assert state.filters[0] == OTHER
    assert state.page == 1
    return [(str(clause.verb), clause.values) for clause in state.filters[1:]]


def test_a_facet_is_not_under_its_own_filters() -> None:
    found = choice(OWNER, ("any_of", ("ann",)), ("none_of", ("bob",)), ("contains", ("a",)))
    assert [str(clause.verb) for clause in own_filters(found.state, OWNER)] == ["any_of", "none_of"]
    assert told(others_of(found.state, OWNER)) == [("contains", ("a",))]


def test_values_are_wanted_beside_others_unwanted_and_taken_back() -> None:
    found = choice(OWNER, ("equal", ("ann",)), ("none_of", ("eve",)))
    assert (found.wanted, found.unwanted) == (("ann",), ("eve",))
    assert told(found.toggled("bob")) == [("any_of", ("ann", "bob")), ("none_of", ("eve",))]
    assert told(found.toggled("ann")) == [("none_of", ("eve",))]
    assert told(found.toggled("eve")) == [("any_of", ("ann", "eve"))]
    assert told(found.excluded("ann")) == [("none_of", ("eve", "ann"))]
    assert told(found.excluded("eve")) == [("any_of", ("ann",))]
    assert told(choice(OWNER, ("empty", ())).toggled("ann")) == [("any_of", ("ann",))]


def test_empty_cells_and_ranges() -> None:
    assert told(choice(OWNER, ("any_of", ("ann",))).flagged(Verb.EMPTY)) == [("empty", ())]
    assert told(choice(OWNER, ("empty", ())).flagged(Verb.EMPTY)) == []
    assert told(choice(OWNER, ("empty", ())).flagged(Verb.NOT_EMPTY)) == [("not_empty", ())]
    found = choice(PRICE, ("between", ("1", "2")), ("not_empty", ()))
    assert found.range == ("1", "2")
    assert told(found.between("3", "4")) == [("not_empty", ()), ("between", ("3", "4"))]
    assert told(found.between("1", "2")) == [("not_empty", ())]
    assert told(choice(PRICE, ("greater", ("5",))).between("3", "4")) == [("between", ("3", "4"))]


@pytest.mark.parametrize("text", ["a\nb", "x" * 201, "ann ", "\u2028"])
def test_texts_that_no_filter_can_name(text: str) -> None:
    assert not choice(OWNER).takes(text)
    assert choice(OWNER).takes("ann")
    assert not choice(STATE).takes("gone")


def test_texts_of_filters_are_values() -> None:
    assert values_of(STATE, ("new",)) == ("new",)
    assert values_of(OWNER, ()) == ()
