"""Settings of a grid that are remembered for people, and the posted form in which they choose them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import delete
from sqlalchemy.orm import Session

from batchbook.db.functions import insert_into
from batchbook.grid import Verb, value_count
from batchbook.grid.number_formats import NUMBERS
from batchbook.grid.state_params import MAX_FILTERS
from batchbook.master.models import GridSetting

Pairs = list[tuple[str, str]]


def recall(db: Session, user_name: str, grid: str) -> dict[str, Any] | None:
    """Return the settings that ``user_name`` last chose for ``grid``, or None."""
    setting = db.get(GridSetting, (user_name, grid))
    return setting.settings if setting else None


def remember(db: Session, user_name: str, grid: str, settings: dict[str, Any]) -> None:
    """Remember ``settings`` (JSON values) as those that ``user_name`` last chose for ``grid``."""
    # One statement, so that two tabs that store at the same moment cannot collide.
    statement = insert_into(db.get_bind(), GridSetting).values(
        user_name=user_name, grid=grid, settings=settings
    )
    key = [GridSetting.user_name, GridSetting.grid]
    db.execute(statement.on_conflict_do_update(index_elements=key, set_={"settings": settings}))


def forget(db: Session, user_name: str, *grids: str) -> None:
    """Forget the settings of ``user_name`` for ``grids``: the next visit starts with the grids' defaults."""
    db.execute(delete(GridSetting).where(GridSetting.user_name == user_name, GridSetting.grid.in_(grids)))


_ROW = re.compile(r"column\.([0-9]{1,3})")
_GROUP = re.compile(r"[1-9][0-9]?")
_KEPT = ("q", "sort", "size", "saved")


def is_reset(params: Any) -> bool:
    """Return whether the form asks for the grid's defaults."""
    return bool(params.get("do") == "reset")


def query_from_form(params: Any) -> Pairs:
    """Return the link's parameters for a posted filter form.

    Anything unreadable is passed on, so that the page behind the link reports it.
    """
    kept = [pair for pair in parse_qsl(params.get("query", ""), keep_blank_values=True) if pair[0] in _KEPT]
    numbers = [(NUMBERS, params[NUMBERS])] if params.get(NUMBERS) else []
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
