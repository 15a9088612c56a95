"""A small shop in an otherwise empty database, for the grid's own tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from batchbook.db.transactions import make_session, transaction_scope
from batchbook.grid import Grid

from .harness import Article, ArticleBase, article_grid
from .shelf import ARTICLES, PRICES, Shelf

ROWS = [
    (
        "0007",
        "Brie 100% fat",
        Decimal("4.50"),
        12,
        True,
        date(2026, 1, 5),
        datetime(2026, 1, 5, 23, 30, tzinfo=UTC),
        "new",
    ),
    (
        "0010",
        "Käse ÄLPLER",
        Decimal("12.00"),
        None,
        False,
        date(2026, 2, 1),
        datetime(2026, 2, 1, tzinfo=UTC),
        "old",
    ),
    ("0100", "under_score", None, 0, None, None, None, None),
    (
        "0200",
        "underXscore",
        Decimal("0.99"),
        -3,
        True,
        date(2026, 3, 1),
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        "new",
    ),
    (
        "0300",
        None,
        Decimal("4.50"),
        7,
        False,
        date(2026, 3, 2),
        datetime(2026, 3, 2, 0, 0, tzinfo=UTC),
        "old",
    ),
    ("0400", "", Decimal("100.00"), 7, None, date(2026, 3, 3), datetime(2026, 3, 3, 4, 0, tzinfo=UTC), None),
]
OWNERS = ["ann", "bob", None, "ann", "bob", "Ann"]


@pytest.fixture
def db(empty_engine: Engine) -> Iterator[Session]:
    """A session on a database with the six articles of ``ROWS``."""
    ArticleBase.metadata.create_all(empty_engine)
    with make_session(empty_engine) as session:
        session.add_all(
            Article(
                code=code,
                name=name,
                price=price,
                stock=stock,
                active=active,
                listed=listed,
                seen_at=seen,
                state=state,
                owner=owner,
            )
            for (code, name, price, stock, active, listed, seen, state), owner in zip(
                ROWS, OWNERS, strict=True
            )
        )
        session.commit()
        yield session


@pytest.fixture
def grid() -> Grid:
    """A grid over the articles."""
    return article_grid()


@pytest.fixture
def thousand(empty_engine: Engine) -> Engine:
    """A database with 1,200 articles, every fifth without a price."""
    ArticleBase.metadata.create_all(empty_engine)
    rows = [{"code": f"{n:05}", "price": PRICES[n % 5], "note": ""} for n in range(ARTICLES)]
    with transaction_scope(empty_engine) as session:
        session.execute(insert(Article), rows)
    return empty_engine


@pytest.fixture
def shelf(thousand: Engine) -> Iterator[Shelf]:
    """These articles, for somebody who reads."""
    with make_session(thousand, read_only=True) as session:
        yield Shelf(session)
