from __future__ import annotations

import sqlite3
import tracemalloc
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import Session

from batchbook.db.transactions import make_session, transaction_scope
from batchbook.grid import Filter, Grid, GridState, Sort, Verb, columns_of

from .harness import Article, ArticleBase, Invoice, Paper


def test_rows_are_core_rows_with_the_key(db: Session, grid: Grid) -> None:
    row = grid.window(db, GridState(), "ann").rows[0]
    assert set(row._mapping) == {"id", *(column.name for column in grid.columns)}
    assert (row.code, row.price) == ("0007", Decimal("4.50"))


@pytest.fixture
def many(empty_engine: Engine) -> Engine:

    ArticleBase.metadata.create_all(empty_engine)
    rows = [{"code": f"{n:05}", "price": Decimal(n % 7), "note": "", "name": "x" * 30} for n in range(4321)]
    with transaction_scope(empty_engine) as db:
        db.execute(insert(Article), rows)
    return empty_engine


def test_pages_hold_every_row_once(many: Engine, grid: Grid) -> None:
    seen: list[str] = []
    with make_session(many, read_only=True) as db:
        state = GridState(sort=(Sort("price"),), page_size=500)
        for number in range(1, 10):
            page = grid.window(db, state.at_page(number), None)
            assert (page.total, page.pages, page.first) == (4321, 9, len(seen) + 1)
            seen += [row.code for row in page.rows]
            assert page.last == len(seen)
    assert len(seen) == len(set(seen)) == 4321


def test_pages_have_the_order_of_the_whole_with_empty_values_last(many: Engine, grid: Grid) -> None:
    with transaction_scope(many) as db:
        db.execute(update(Article).where(Article.id % 3 == 0).values(price=None))
    with make_session(many, read_only=True) as db:
        for sort in (Sort("price"), Sort("price", descending=True), Sort("code", descending=True)):
            state = GridState(sort=(sort,), page_size=500)
            whole = [row.code for row in grid.all_rows(db, state, None)]
            pages = [
                row.code for page in range(1, 10) for row in grid.window(db, state.at_page(page), None).rows
            ]
            assert pages == whole


def test_a_page_beyond_the_end_is_the_last(many: Engine, grid: Grid) -> None:
    with make_session(many, read_only=True) as db:
        page = grid.window(db, GridState(page=10**9, page_size=500), None)
    assert (page.state.page, page.first, page.last) == (9, 4001, 4321)


def test_an_empty_grid_has_one_empty_page(db: Session, grid: Grid) -> None:
    state = GridState(filters=(Filter("code", Verb.EQUAL, ("none",)),), page=3)
    page = grid.window(db, state, None)
    assert (page.rows, page.total, page.pages, page.first, page.last, page.state.page) == ([], 0, 1, 0, 0, 1)


def test_one_of_the_groups_has_to_hold_beside_the_filters_of_all_rows(db: Session, grid: Grid) -> None:
    filters = (
        Filter("state", Verb.EQUAL, ("new",), 1),
        Filter("price", Verb.LESS, ("1",), 1),
        Filter("stock", Verb.EQUAL, ("7",), 2),
        Filter("price", Verb.NOT_EMPTY),
    )
    state = GridState(filters=filters)
    assert [row.code for row in grid.window(db, state, None).rows] == ["0200", "0300", "0400"]
    fewer = GridState(filters=filters, search="under")
    assert [row.code for row in grid.all_rows(db, fewer, None)] == ["0200"]
    assert grid.window(db, GridState(search="under"), None).total == 2


def test_the_callers_select_says_what_may_be_seen(db: Session) -> None:
    twin = select(Article).where(Article.state == "new").order_by(Article.name.desc())
    grid = Grid(columns_of(Article, ["code"]), twin, [Article.id])
    assert [row.code for row in grid.window(db, GridState(), None).rows] == ["0007", "0200"]
    assert grid.count(db, GridState(), None) == 2


def test_joins_and_joined_subtypes_keep_their_tables(empty_engine: Engine) -> None:
    ArticleBase.metadata.create_all(empty_engine)
    with make_session(empty_engine) as db:
        db.add_all([Paper(title="letter"), Invoice(title="bill", amount=Decimal("3.10"))])
        db.commit()
        columns = columns_of(Invoice, ["title", "amount"])
        grid = Grid(columns, select(Invoice), [Invoice.id])
        assert [tuple(row) for row in grid.window(db, GridState(), None).rows] == [
            (2, "bill", Decimal("3.10"))
        ]
        assert grid.count(db, GridState(), None) == 1
        outer = select(Paper.id).outerjoin(Invoice.__table__, Invoice.__table__.c.id == Paper.id)
        papers = Grid(columns_of(Paper, ["title"]), outer, [Paper.id])
        assert papers.count(db, GridState(), None) == 2


def test_grouped_rows_are_counted_as_shown(db: Session) -> None:
    prices = select(Article.state).group_by(Article.state, Article.id).having(func.count() > 0)
    grid = Grid(columns_of(Article, ["state"]), prices, [Article.id])
    assert grid.count(db, GridState(), None) == 6


def test_all_rows_stream_in_order_and_bounded(many: Engine, grid: Grid) -> None:
    state = GridState(sort=(Sort("price", descending=True),), page=5)
    with make_session(many, read_only=True) as db:
        next(
            grid.all_rows(db, state, None)
        )  # What is made once, such as the compiled statement, is not measured.
        tracemalloc.start()
        keys = ((-int(row.price), row.id) for row in grid.all_rows(db, state, None))
        found = [one < other for one, other in pairwise(keys)]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert found == [True] * 4320
    # A thousand rows take about half a megabyte; all of them at once would take more than two.
    assert peak < 1_500_000


@pytest.mark.parametrize("backend", ["sqlite"])
def test_streaming_keeps_no_writer_waiting(many: Engine, grid: Grid) -> None:
    with make_session(many, read_only=True) as db:
        rows = grid.all_rows(db, GridState(), None)
        next(rows)
        with sqlite3.connect(str(many.url.database), timeout=0.1) as writer:
            writer.execute("UPDATE article SET note = 'changed meanwhile'")
        assert sum(1 for _ in rows) == 4320


def test_a_wrong_grid_fails_at_once() -> None:
    columns = columns_of(Article, ["code", "name"])
    with pytest.raises(ValueError, match="same name"):
        Grid([*columns, columns[0]], select(Article), [Article.id])
    with pytest.raises(ValueError, match="“price”, which is no column"):
        Grid(columns, select(Article), [Article.id], [Sort("price")])
    with pytest.raises(ValueError, match="needs the key"):
        Grid(columns, select(Article), [])
