"""The filter form of a grid, read into the parameters of the link that shows what it asks for.

The form works without JavaScript: for each row N it posts ``column.N``, ``verb.N`` and any number of ``value.N``,
further ``query`` (the query string of the page it stood on, for its sort and page size) and the pressed button ``do``:
``apply``, ``remove-N`` (all rows but one) or ``reset``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from batchbook.grid import Verb, value_count
from batchbook.grid.reading import MAX_FILTERS

Pairs = list[tuple[str, str]]

_ROW = re.compile(r"column\.([0-9]{1,3})")
_KEPT = ("sort", "size")


def is_reset(params: Any) -> bool:
    """Whether the person asked for the grid's defaults."""
    return bool(params.get("do") == "reset")


def query_from_form(params: Any) -> Pairs:
    """Return the link's parameters for a posted filter form.

    What cannot be understood is passed on, so that the page which the link shows says what is wrong with it.
    """
    kept = [pair for pair in parse_qsl(params.get("query", ""), keep_blank_values=True) if pair[0] in _KEPT]
    return [*_filters(params), *kept]


def _filters(params: Any) -> Iterator[tuple[str, str]]:
    # A look into the form itself costs time by its length, which is anybody's choice.
    fields: dict[str, list[str]] = params.dict_of_lists()
    removed = params.get("do", "").removeprefix("remove-")
    numbers = sorted({match[1] for name in fields if (match := _ROW.fullmatch(name))}, key=int)
    rows = (number for number in numbers if number != removed and fields[f"column.{number}"][-1])
    for number in islice(rows, MAX_FILTERS + 1):  # One too many, so that the page says so.
        verb = fields.get(f"verb.{number}", [""])[-1]
        for value in _values(verb, fields.get(f"value.{number}", [])):
            yield f"f.{fields[f'column.{number}'][-1]}.{verb}", value


def _values(verb: str, texts: list[str]) -> list[str]:
    if verb in list(Verb) and value_count(Verb(verb)) == 0:
        return [""]
    if verb == Verb.BETWEEN:  # A blank is one of its open ends, so its place counts.
        return [*texts, "", ""][:2]
    return [text for text in texts if text.strip()] or [""]
