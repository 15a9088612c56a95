"""Facets of a grid as lines, bars and links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session
from tests.grid.conftest import OWNERS, ROWS
from tests.grid.harness import Article, ArticleBase, article_grid

from batchbook.db.transactions import make_session
from batchbook.grid import Filter, Grid, GridState, Verb
from batchbook.master.facet_panel import Facet, FacetPanel

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def db(empty_engine: Engine) -> Iterator[Session]:
    ArticleBase.metadata.create_all(empty_engine)
    names = ("code", "name", "price", "stock", "active", "listed", "seen_at", "state")
    with make_session(empty_engine) as session:
        session.add_all(
            Article(**dict(zip(names, row, strict=True)), owner=owner)
            for row, owner in zip(ROWS, OWNERS, strict=True)
        )
        session.commit()
        yield session


def panel(db: Session, *clauses: Filter, **more: Any) -> FacetPanel:
    grid: Grid = article_grid()
    return FacetPanel(
        db, grid, GridState(filters=clauses), "ann", "/list", lambda name: f"/list/{name}", **more
    )


def facet(shown: FacetPanel, name: str, **more: Any) -> Facet:
    return shown.facet(next(column for column in shown.columns if column.name == name), **more)


def test_lines_tell_labels_counts_and_links(db: Session) -> None:
    found = facet(panel(db, Filter("state", Verb.ANY_OF, ("new",))), "state")
    assert [(one.label, one.count, one.wanted, one.url) for one in found.lines] == [
        ("Brand new", 2, True, "/list?view=default"),
        ("Old", 2, False, "/list?f.state.any_of=new&f.state.any_of=old"),
        ("(empty)", 2, False, "/list?f.state.empty="),
    ]
    assert found.lines[1].exclude_url == "/list?f.state.any_of=new&f.state.none_of=old"
    assert (found.clear_url, found.more_url) == ("/list?view=default", None)
    yes = facet(panel(db), "active").lines[1]
    assert (yes.label, yes.url, yes.exclude_url) == ("Yes", "/list?f.active.is_true=", None)


def test_few_values_are_shown_at_first_and_others_are_searched(db: Session) -> None:
    found = facet(panel(db), "code", most=2)
    assert found.more_url == "/list/facet?column=code&most=200"
    assert [one.label for one in facet(panel(db), "name", search="under").lines] == [
        "underXscore",
        "under_score",
    ]


def test_known_counts_are_used(db: Session) -> None:
    shown = panel(
        db, known=lambda name, others: {"new": 7} if name == "state" and not others.is_narrowed else None
    )
    assert [(one.label, one.count) for one in facet(shown, "state").lines] == [("Brand new", 7)]
    assert len(facet(shown, "active").lines) == 3


def test_bars_are_as_high_as_their_counts_and_narrow_to_their_range(db: Session) -> None:
    found = facet(panel(db, Filter("stock", Verb.BETWEEN, ("7", "7"))), "stock")
    (highest,) = [bar for bar in found.bars if bar.count == 2]
    assert (highest.label, highest.y, highest.height, highest.wanted) == ("7", 0, 40, True)
    assert highest.url == "/list?view=default"
    assert (found.range, found.bounds, found.hidden, found.input_type) == (
        ("7", "7"),
        ("-3", "12"),
        [],
        "text",
    )
    moments = facet(panel(db), "seen_at")
    assert (moments.input_type, moments.bars[0].label) == ("date", "2026-01-05 to 2026-01-11")
    assert "f.seen_at.between=2026-01-05&f.seen_at.between=2026-01-11" in moments.bars[0].url


def test_nothing_to_count_is_told(db: Session) -> None:
    none = Filter("code", Verb.EQUAL, ("none",))
    assert (facet(panel(db, none), "price").note, facet(panel(db, none), "state").note) == (
        "No rows.",
        "No rows.",
    )
    db.execute(update(Article).values(price=None))
    assert facet(panel(db), "price").note == "No values."
    db.execute(text("UPDATE article SET price = 'dear' WHERE code = '0007'"))
    assert "not readable" in facet(panel(db), "price").note
    db.execute(text("UPDATE article SET state = 'gone' WHERE code = '0007'"))
    assert [(one.label, one.url) for one in facet(panel(db), "state").lines if one.url is None] == [
        ("gone", None)
    ]


def test_the_first_facets_are_open_until_somebody_chooses(db: Session) -> None:
    assert [column.name for column in panel(db).opened] == ["state", "price"]
    assert [column.name for column in panel(db, chosen=["owner", "gone"]).opened] == ["owner"]
    assert panel(db, chosen=[]).opened == []
