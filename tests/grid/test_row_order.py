from __future__ import annotations

from sqlalchemy.orm import Session

from batchbook.grid import Grid, GridState, Sort

from .harness import article_grid


def codes(db: Session, grid: Grid, *sort: Sort) -> list[str]:
    return [row.code for row in grid.window(db, GridState(sort=sort), "ann").rows]


def test_without_a_sort_rows_come_by_their_key(db: Session, grid: Grid) -> None:
    assert codes(db, grid) == ["0007", "0010", "0100", "0200", "0300", "0400"]


def test_empty_values_come_last_either_way(db: Session, grid: Grid) -> None:
    assert codes(db, grid, Sort("price")) == ["0200", "0007", "0300", "0010", "0400", "0100"]
    assert codes(db, grid, Sort("price", descending=True)) == ["0400", "0010", "0007", "0300", "0200", "0100"]


def test_several_columns_sort_and_the_key_decides_the_rest(db: Session, grid: Grid) -> None:
    by_state = (Sort("state", descending=True), Sort("price"))
    assert codes(db, grid, *by_state) == ["0300", "0010", "0200", "0007", "0400", "0100"]
    assert codes(db, grid, Sort("stock")) == ["0200", "0100", "0300", "0400", "0007", "0010"]


def test_the_default_sort_holds_until_another_is_asked_for(db: Session) -> None:
    grid = article_grid(Sort("code", descending=True))
    assert codes(db, grid)[0] == "0400"
    assert codes(db, grid, Sort("code"))[0] == "0007"


def test_the_direction_is_known_only_where_rows_come_by_their_numbers(grid: Grid) -> None:
    by_code = (Sort("code"), Sort("price"))
    assert grid.order.direction(GridState()) is False
    assert [grid.order.direction(GridState(sort=sort)) for sort in (by_code, by_code[:1])] == [None, None]
