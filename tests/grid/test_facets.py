"""Facets count the values of a column under the filters of others."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from batchbook.grid import Filter, Grid, GridState, Verb
from batchbook.grid.facets import ValueCount, count_values, counts_of, histogram

from .harness import Article


def column_of(grid: Grid, name: str) -> Any:
    return next(column for column in grid.columns if column.name == name)


def counted(db: Session, grid: Grid, name: str, most: int = 10, *clauses: Filter, **more: Any) -> Any:
    state = GridState(filters=clauses)
    found = count_values(db, grid, state, "ann", column_of(grid, name), most, **more)
    return {one.value: one.count for one in found.values}, found.empty, found.more


def test_the_most_frequent_values_come_first_and_empty_ones_are_told_apart(db: Session, grid: Grid) -> None:
    assert counted(db, grid, "owner") == ({"ann": 2, "bob": 2, "Ann": 1}, 1, False)
    assert counted(db, grid, "owner", 2) == ({"ann": 2, "bob": 2}, 1, True)
    assert counted(db, grid, "name") == (
        {"Brie 100% fat": 1, "Käse ÄLPLER": 1, "underXscore": 1, "under_score": 1}, 2, False,
    )  # fmt: skip
    assert counted(db, grid, "active") == ({False: 2, True: 2}, 2, False)
    assert counted(db, grid, "owner", 10, Filter("active", Verb.IS_TRUE)) == ({"ann": 2}, 0, False)


def test_chosen_values_are_told_however_rare_they_are(db: Session, grid: Grid) -> None:
    assert counted(db, grid, "owner", 1, chosen=["Ann", "eve"]) == ({"ann": 2, "Ann": 1, "eve": 0}, 1, True)


def test_known_counts_need_no_statement() -> None:
    found = counts_of({"new": 3, "gone": 2}, ["old", "new"])
    assert (found.values, found.empty) == ((ValueCount("new", 3),), 2)


def bars(db: Session, grid: Grid, name: str, *clauses: Filter) -> tuple[list[tuple[Any, Any, int]], int]:
    found = histogram(db, grid, GridState(filters=clauses), None, column_of(grid, name))
    return [(one.first, one.last, one.count) for one in found.bins if one.count], found.empty


def test_numbers_dates_and_moments_are_counted_in_bins(db: Session, grid: Grid) -> None:
    assert bars(db, grid, "price") == (
        [
            (Decimal("0.99"), Decimal("4.99"), 3),
            (Decimal("10.00"), Decimal("14.99"), 1),
            (Decimal("100.00"), Decimal("100.00"), 1),
        ],
        1,
    )
    assert bars(db, grid, "stock") == ([(-3, -3, 1), (0, 0, 1), (7, 7, 2), (12, 12, 1)], 1)
    days = [date(2026, 1, 5), date(2026, 1, 26), date(2026, 2, 23), date(2026, 3, 2)]
    listed, empty = bars(db, grid, "listed")
    assert [first for first, _, _ in listed] == days
    assert ([count for _, _, count in listed], empty) == ([1, 1, 1, 2], 1)
    seen, empty = bars(db, grid, "seen_at")
    assert ([(first, count) for first, _, count in seen], empty) == (
        [*zip(days, (1, 1, 1, 2), strict=True)],
        1,
    )
    assert bars(db, grid, "price", Filter("active", Verb.IS_TRUE)) == (
        [(Decimal("0.99"), Decimal("4.99"), 2)],
        0,
    )
    assert bars(db, grid, "price", Filter("code", Verb.EQUAL, ("0100",))) == ([], 1)


def test_bounds_and_bins_take_two_statements(db: Session, grid: Grid) -> None:
    statements: list[str] = []
    bind = db.get_bind()
    db.scalar(select(1))
    event.listen(bind, "before_cursor_execute", lambda *given: statements.append(given[2]))
    histogram(db, grid, GridState(), None, column_of(grid, "price"))
    assert len(statements) == 2
    count_values(db, grid, GridState(), None, column_of(grid, "owner"), 2)
    assert len(statements) == 3


def test_nothing_and_the_ends_of_the_calendar_have_histograms(db: Session, grid: Grid) -> None:
    db.execute(update(Article).values(price=None))
    found = histogram(db, grid, GridState(), None, column_of(grid, "price"))
    assert (found.bins, found.empty, found.readable) == ((), 6, True)
    db.execute(update(Article).where(Article.code == "0007").values(listed=date.min))
    db.execute(update(Article).where(Article.code == "0010").values(listed=date.max))
    db.execute(update(Article).where(Article.code == "0200").values(seen_at=datetime(1, 1, 1, tzinfo=UTC)))
    found = histogram(db, grid, GridState(), None, column_of(grid, "listed"))
    assert (found.bins[0].first, found.bins[-1].last) == (date.min, date.max)
    assert sum(one.count for one in found.bins) == 5
    assert (
        sum(one.count for one in histogram(db, grid, GridState(), None, column_of(grid, "seen_at")).bins) == 5
    )
