"""The form above a grid in which people choose filters: read as a link's parameters, and remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode

from batchbook.errors import TooLarge
from batchbook.grid import GridState, Verb, value_count
from batchbook.grid.number_formats import NUMBER_FORMAT
from batchbook.grid.state_params import MAX_FILTERS, TOO_LONG
from batchbook.master.grid_view import GridView
from batchbook.master.links import DEFAULT
from batchbook.master.saved_view_editor import change_views
from batchbook.web.flash import flash

Pairs = list[tuple[str, str]]

_ROW = re.compile(r"column\.([0-9]{1,3})")
_GROUP = re.compile(r"[1-9][0-9]?")
_KEPT = ("q", "sort", "size", "saved")


def is_reset(params: Any) -> bool:
    """Return whether the form asks for the grid's defaults."""
    return bool(params.get("do") == "reset")


def remember_form(grid: GridView) -> str:
    """Remember the posted form for the user, or change the saved views as their menu asks; return the address that follows.

    A form with problems is not remembered, but its link is as posted, so that the page reports them. Raises ``TooLarge``
    for more than a link may carry, and as :func:`~batchbook.master.saved_view_editor.change_views` does.
    """
    params = grid.request.POST
    if is_reset(params):
        grid.remembered.forget()
        return grid.url
    if params.get("do", "").startswith("view-"):
        return _changed_views(grid)
    query = query_from_form(params)
    state = GridState.from_params(query, grid.columns)
    if TOO_LONG in state.problems:
        raise TooLarge(f"{TOO_LONG} The view was not changed.")
    if not state.problems:
        grid.remembered.remember(state)
        if NUMBER_FORMAT in dict(query):
            query = state.to_query()  # The link means the same for people with another number format.
    return f"{grid.url}?{urlencode(query or DEFAULT)}"


def _changed_views(grid: GridView) -> str:
    request = grid.request
    grid.state = GridState.from_query(request.POST.get("query", ""), grid.columns)
    url, message = change_views(grid.views, request.POST)
    flash(request, message)
    return url


def query_from_form(params: Any) -> Pairs:
    """Return the link's parameters for a posted filter form.

    Anything unreadable is passed on, so that the page behind the link reports it.
    """
    kept = [pair for pair in parse_qsl(params.get("query", ""), keep_blank_values=True) if pair[0] in _KEPT]
    numbers = [(NUMBER_FORMAT, params[NUMBER_FORMAT])] if params.get(NUMBER_FORMAT) else []
    return [*_filters(params), *numbers, *kept]


def _filters(params: Any) -> Iterator[tuple[str, str]]:
    # Each lookup in the form itself takes time in proportion to its length, which the sender chooses.
    fields: dict[str, list[str]] = params.dict_of_lists()
    removed = params.get("do", "").removeprefix("remove-")
    numbers = sorted({match[1] for name in fields if (match := _ROW.fullmatch(name))}, key=int)
    rows = (number for number in numbers if number != removed and fields[f"column.{number}"][-1])
    for number in islice(rows, MAX_FILTERS + 1):  # One too many, so that the page reports it.
        verb = fields.get(f"verb.{number}", [""])[-1]
        group = match[0] if (match := _GROUP.fullmatch(fields.get(f"group.{number}", [""])[-1])) else ""
        for value in _values(verb, fields.get(f"value.{number}", [])):
            yield f"f{group}.{fields[f'column.{number}'][-1]}.{verb}", value


def _values(verb: str, texts: list[str]) -> list[str]:
    if verb in list(Verb) and value_count(Verb(verb)) == 0:
        return [""]
    if verb == Verb.BETWEEN:  # A blank is one of its open ends, so its place counts.
        return [*texts, "", ""][:2]
    return [text for text in texts if text.strip()] or [""]
