"""Layouts of grids: order, hidden and frozen columns, widths."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import literal

from batchbook.grid import Column, Density, GridLayout, Kind

COLUMNS = [
    Column(name, name.title(), literal(""), Kind.TEXT) for name in ("row", "code", "size", "price", "removed")
]
#: Those by which the grid is filtered only.
HIDDEN = {"removed"}


def shown(layout: GridLayout) -> list[str]:
    return [column.name for column in layout.visible(COLUMNS, HIDDEN)]


def test_a_declared_layout_orders_hides_and_freezes_columns() -> None:
    layout = GridLayout(order=("price", "row"), hidden={"size"}, frozen=2, widths={"code": 90})
    assert shown(GridLayout()) == ["row", "code", "size", "price"]
    assert shown(layout) == ["price", "row", "code"]
    stored = layout.to_json(COLUMNS, HIDDEN)
    assert stored == {
        "columns": [
            {"name": "price", "width": None, "hidden": False, "frozen": True},
            {"name": "row", "width": None, "hidden": False, "frozen": True},
            {"name": "code", "width": 90, "hidden": False, "frozen": False},
            {"name": "size", "width": None, "hidden": True, "frozen": False},
            {"name": "removed", "width": None, "hidden": True, "frozen": False},
        ],
        "density": "compact",
    }
    again = GridLayout().changed_by(stored, COLUMNS)
    assert (shown(again), again.frozen, again.widths) == (shown(layout), 2, {"code": 90})


def test_a_person_shows_what_the_grid_hides_and_freezes_what_stands_behind() -> None:
    chosen = {
        "columns": [{"name": "row"}, {"name": "removed"}, {"name": "price", "frozen": True, "width": 3.2}]
    }
    layout = GridLayout(density=Density.COMFORTABLE).changed_by(chosen, COLUMNS)
    assert shown(layout) == ["price", "row", "removed", "code", "size"]
    assert (layout.frozen, layout.widths, layout.density) == (1, {"price": 32}, "comfortable")


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "columns",
        {"columns": "row"},
        {"columns": [1, {"name": 1}, {"name": "nothing"}], "density": "tiny"},
        {"density": ["compact"]},
    ],
)
def test_what_cannot_be_used_is_left_out(data: Any) -> None:
    declared = GridLayout(hidden={"size"})
    assert declared.changed_by(data, COLUMNS) == declared


def test_a_column_that_came_later_stands_behind_and_as_declared() -> None:
    stored = {"columns": [{"name": "price"}, {"name": "row", "width": True}]}
    layout = GridLayout(hidden={"size"}).changed_by(stored, COLUMNS)
    assert shown(layout) == ["price", "row", "code"]
    assert layout.widths == {}


def test_one_column_is_left_in_any_case() -> None:
    nothing = {"columns": [{"name": column.name, "hidden": True} for column in COLUMNS]}
    assert shown(GridLayout().changed_by(nothing, COLUMNS)) == ["row"]
