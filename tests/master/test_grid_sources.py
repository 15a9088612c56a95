"""Grids that are kept as plain data and opened again for a user."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.errors import Missing
from batchbook.grid import Filter, GridState, Verb
from batchbook.master import GridReference
from batchbook.master.grid_sources import GridSources

STATE = GridState(filters=(Filter("price", Verb.GREATER, ("9",)),), page=3)


def test_a_reference_comes_back_from_json_with_its_state_at_the_first_page() -> None:
    reference = GridReference("index", {"view": "products"}).in_state(STATE)
    again = GridReference.from_json(reference.to_json())
    assert (again.source, again.arguments, list(again.query)) == (
        "index",
        {"view": "products"},
        [("f.price.greater", "9")],
    )


@pytest.mark.parametrize(
    "data", [{}, {"route": "products.export", "match": {}, "query": "a=b"}, {"source": "s", "arguments": {}}]
)
def test_what_an_older_version_kept_is_refused_with_a_sentence(data: dict[str, Any]) -> None:
    with pytest.raises(Missing, match="older version"):
        GridReference.from_json(data)


def test_a_source_has_a_name_of_its_own_and_is_there() -> None:
    sources = GridSources()
    sources.add("index", lambda caller, arguments: arguments)  # type: ignore[arg-type, return-value]
    with pytest.raises(ConfigurationError, match="two sources"):
        sources.add("index", lambda caller, arguments: arguments)  # type: ignore[arg-type, return-value]
    with pytest.raises(Missing, match="no longer exists"):
        sources["orders"]
