"""The next row that fits, in any view and from any position."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from batchbook.db.transactions import make_session, transaction_scope
from batchbook.grid import Filter, Grid, GridState, Sort, Verb, columns_of, row_search
from batchbook.grid.row_search import cell_with, contains_text, edge_of_data, first_match

from .harness import NAMES, Article, article_grid
from .shelf import ARTICLES, Shelf

BY_PRICE = GridState(sort=(Sort("price"),))
CHEAP = GridState((Filter("price", Verb.LESS, ("5",)),), (Sort("code", descending=True),))
COLUMNS = {column.name: column for column in columns_of(Article, NAMES)}


@pytest.mark.parametrize("state", [GridState(), BY_PRICE, CHEAP])
def test_the_next_match_is_that_of_the_whole_in_both_directions(
    shelf: Shelf, state: GridState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_search, "_PARTS", (7, 40))
    rows = list(article_grid().all_rows(shelf.session, state, "ann"))
    for wanted in ("0012", "7", "01199", "nowhere"):
        fitting = [at for at, row in enumerate(rows) if wanted in row.code]
        condition = contains_text([COLUMNS["code"]], wanted)
        for start in (0, 5, 600, len(rows) - 1):
            windows = shelf.windows()
            down = first_match(windows, state, condition, start)
            assert down == next((at for at in fitting if at >= start), None)
            up = first_match(windows, state, condition, start, upwards=True)
            assert up == next((at for at in reversed(fitting) if at <= start), None)
    assert first_match(shelf.windows(), state, condition, ARTICLES) is None


def test_rows_that_are_found_are_those_of_the_kept_view(shelf: Shelf) -> None:
    first = shelf.windows().window(BY_PRICE, 0, 1)
    condition = contains_text([COLUMNS["price"]], "9")
    assert first_match(shelf.windows(), BY_PRICE, condition, 0, first.token) == 720
    assert first_match(shelf.windows(), CHEAP, condition, 0) is None


def test_a_text_is_found_as_it_reads_in_every_kind_of_column(db: Session, grid: Grid) -> None:
    found = {
        wanted: db.scalars(
            select(Article.code).where(contains_text(grid.columns, wanted)).order_by(Article.id)
        ).all()
        for wanted in ("älpler", "100%", "4.5", "-3", "2026-03", "brand", "ann", "under_")
    }
    assert found == {
        "älpler": ["0010"],
        "100%": ["0007"],
        "4.5": ["0007", "0300"],
        "-3": ["0200"],
        "2026-03": ["0200", "0300", "0400"],
        "brand": ["0007", "0200"],
        "ann": ["0007", "0200", "0400"],
        "under_": ["0100"],
    }
    values = {"code": "0007", "name": "Brie", "price": None, "listed": date(2026, 1, 5), "state": "new"}
    shown = [COLUMNS[name] for name in values]
    places = {text: cell_with(shown, values, text) for text in ("BRIE", "01-05", "brand", "beef")}
    assert [place and place.name for place in places.values()] == ["name", "listed", "state", None]


def test_the_edge_of_data_is_where_a_spreadsheet_goes(empty_engine: Engine) -> None:
    from .harness import ArticleBase

    ArticleBase.metadata.create_all(empty_engine)
    names = ["a", "b", "", "", "c", "d", None, "e"]
    with transaction_scope(empty_engine) as session:
        session.execute(insert(Article), [{"code": str(n), "name": name} for n, name in enumerate(names)])
    with make_session(empty_engine, read_only=True) as session:
        shelf = Shelf(session)

        def edges(state: GridState, *, upwards: bool) -> list[int | None]:
            windows = shelf.windows(known_total=len(names))
            return [
                edge_of_data(windows, state, COLUMNS["name"], at, upwards=upwards) for at in range(len(names))
            ]

        for state in (GridState(), GridState(sort=(Sort("code"),))):
            assert edges(state, upwards=False) == [1, 4, 4, 4, 5, 7, 7, 7]
            assert edges(state, upwards=True) == [0, 0, 1, 1, 1, 4, 5, 5]
        assert edge_of_data(shelf.windows(known_total=8), GridState(), COLUMNS["name"], 8) is None
