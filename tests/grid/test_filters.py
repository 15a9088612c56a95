"""Verbs of filters keep the rows that they name, on every kind of column."""

from __future__ import annotations

from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import null, select
from sqlalchemy.orm import Session

from batchbook.grid import (
    VERB_LABELS,
    VERBS,
    CellError,
    Column,
    Filter,
    Grid,
    GridState,
    Kind,
    Verb,
    condition,
    verbs_of,
)

from .harness import Article, article_grid

ALL = {"0007", "0010", "0100", "0200", "0300", "0400"}


def codes(
    db: Session, grid: Grid, column: str, verb: str, *values: str, user: str | None = "ann"
) -> set[str]:
    state = GridState(filters=(Filter(column, Verb(verb), values),))
    found = [row.code for row in grid.window(db, state, user).rows]
    assert len(found) == grid.count(db, state, user) == len(list(grid.all_rows(db, state, user)))
    return set(found)


CASES = [
    ("code", "equal", ("0007",), {"0007"}),
    ("code", "equal", ("7",), set()),
    ("code", "not_equal", ("0007",), ALL - {"0007"}),
    ("name", "not_equal", ("underXscore",), ALL - {"0200"}),
    ("code", "any_of", ("0007", "0100", "9999"), {"0007", "0100"}),
    ("code", "none_of", ("0007", "0100", "9999"), ALL - {"0007", "0100"}),
    ("name", "none_of", ("underXscore", "x"), ALL - {"0200"}),
    ("name", "contains", ("BRIE",), {"0007"}),
    ("name", "contains", ("100%",), {"0007"}),
    ("name", "contains", ("1%0",), set()),
    ("name", "contains", ("UNDER_S",), {"0100"}),
    ("name", "contains", ("/",), set()),
    ("name", "contains", ("älpler",), {"0010"}),
    ("name", "contains", ("KÄSE Ä",), {"0010"}),
    ("name", "not_contains", ("under",), ALL - {"0100", "0200"}),
    ("name", "empty", (), {"0300", "0400"}),
    ("name", "not_empty", (), ALL - {"0300", "0400"}),
    ("price", "equal", ("4.5",), {"0007", "0300"}),
    ("price", "not_equal", ("4.50",), {"0010", "0100", "0200", "0400"}),
    ("price", "any_of", ("4.50", "100"), {"0007", "0300", "0400"}),
    ("price", "none_of", ("4.50", "100"), {"0010", "0100", "0200"}),
    ("price", "greater", ("4.50",), {"0010", "0400"}),
    ("price", "less", ("4.50",), {"0200"}),
    ("price", "between", ("0.99", "4.50"), {"0007", "0200", "0300"}),
    ("price", "between", ("", "4.50"), {"0007", "0200", "0300"}),
    ("price", "between", ("12", ""), {"0010", "0400"}),
    ("price", "greater", ("-5",), ALL - {"0100"}),
    ("price", "empty", (), {"0100"}),
    ("price", "not_empty", (), ALL - {"0100"}),
    ("stock", "less", ("0",), {"0200"}),
    ("stock", "between", ("0", "7"), {"0100", "0300", "0400"}),
    ("active", "is_true", (), {"0007", "0200"}),
    ("active", "is_false", (), {"0010", "0300"}),
    ("active", "empty", (), {"0100", "0400"}),
    ("listed", "on", ("2026-02-01",), {"0010"}),
    ("listed", "before", ("2026-02-01",), {"0007"}),
    ("listed", "after", ("2026-03-01",), {"0300", "0400"}),
    ("listed", "between", ("2026-02-01", "2026-03-01"), {"0010", "0200"}),
    ("seen_at", "on", ("2026-01-05",), {"0007"}),
    ("seen_at", "on", ("2026-03-02",), {"0300"}),
    ("seen_at", "before", ("2026-03-02",), {"0007", "0010", "0200"}),
    ("seen_at", "after", ("2026-03-01",), {"0300", "0400"}),
    ("seen_at", "between", ("2026-02-01", "2026-03-01"), {"0010", "0200"}),
    ("seen_at", "between", ("2026-03-02", ""), {"0300", "0400"}),
    ("seen_at", "on", ("9999-12-31",), set()),
    ("seen_at", "empty", (), {"0100"}),
    ("state", "equal", ("new",), {"0007", "0200"}),
    ("state", "equal", ("Brand new",), {"0007", "0200"}),
    ("state", "not_equal", ("new",), ALL - {"0007", "0200"}),
    ("state", "any_of", ("new", "old"), ALL - {"0100", "0400"}),
    ("state", "none_of", ("new",), ALL - {"0007", "0200"}),
    ("state", "empty", (), {"0100", "0400"}),
    ("owner", "is_me", (), {"0007", "0200"}),
    ("owner", "contains", ("ann",), {"0007", "0200", "0400"}),
]  # fmt: skip


def test_every_verb_keeps_the_rows_it_names(db: Session, grid: Grid) -> None:
    # One database for all cases: making one takes longer than all the questions.
    wrong = {
        (column, verb, values): found
        for column, verb, values, expected in CASES
        if (found := codes(db, grid, column, verb, *values)) != expected
    }
    assert wrong == {}


def test_every_verb_of_every_kind_is_tried_and_named() -> None:
    kinds = {column.name: column.kind for column in article_grid().columns}
    tried = {(kinds[column], Verb(verb)) for column, verb, _, _ in CASES}
    shared = {
        Kind.INTEGER: Kind.DECIMAL,
        Kind.USER: Kind.TEXT,
        Kind.DATE: Kind.DATETIME,
        Kind.DATETIME: Kind.DATE,
    }
    for kind, verbs in VERBS.items():
        for verb in verbs:
            presence = verb in (Verb.EMPTY, Verb.NOT_EMPTY)
            assert presence or (kind, verb) in tried or (shared[kind], verb) in tried
            assert VERB_LABELS[verb]


_CITY = ("İstanbul", "istanbul", "ISTANBUL")
_CAFE = ("caf\u00e9", "CAFE\u0301")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("МАСЛО СЛИВОЧНОЕ КРЕСТЬЯНСКОЕ ВЫСШИЙ ГУД", "масло сливочное крестьянское высший гуд"),
        ("масло сливочное крестьянское высший гуд", "МАСЛО СЛИВОЧНОЕ КРЕСТЬЯНСКОЕ ВЫСШИЙ ГУД"),
        ("HAUPTSTRAẞE 5", "hauptstraße"),
        ("ΟΔΌΣ", "οδό"),
        *((name, asked) for name in _CITY for asked in _CITY),
        *((name, asked) for name in _CAFE for asked in _CAFE),
        ("ÅNGSTRÖM", "ångström"),  # The first letter is a unit's sign, which has the same lower case.
    ],
)
def test_a_text_is_found_whatever_its_case_and_script(db: Session, grid: Grid, name: str, asked: str) -> None:
    db.add(Article(code="x", name=name))
    db.flush()
    assert codes(db, grid, "name", "contains", asked) == {"x"}
    assert "x" not in codes(db, grid, "name", "not_contains", asked)


@pytest.mark.parametrize(("name", "asked"), [("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9")])
def test_equal_texts_are_found_in_either_unicode_form(db: Session, grid: Grid, name: str, asked: str) -> None:
    db.add(Article(code="x", name=name))
    db.flush()
    for verb in ("equal", "any_of"):
        assert codes(db, grid, "name", verb, asked) == {"x"}
    assert codes(db, grid, "name", "not_equal", asked) == ALL


def test_nobody_is_me_without_a_user(db: Session, grid: Grid) -> None:
    assert codes(db, grid, "owner", "is_me", user=None) == set()


def test_a_day_of_moments_is_a_day_of_the_zone(db: Session) -> None:
    columns = article_grid().columns
    berlin = Grid(columns, select(Article), [Article.id], zone=ZoneInfo("Europe/Berlin"))
    assert codes(db, berlin, "seen_at", "on", "2026-01-06") == {"0007"}
    assert codes(db, berlin, "seen_at", "on", "2026-01-05") == set()
    assert codes(db, berlin, "seen_at", "after", "0001-01-01") == ALL - {"0100"}


def test_conditions_serve_statements_of_ones_own(db: Session, grid: Grid) -> None:
    where = grid.where(GridState(filters=(Filter("price", Verb.LESS, ("1",)),)), "ann")
    assert db.scalars(select(Article.code).where(where)).all() == ["0200"]


def test_a_verb_of_another_kind_is_refused(grid: Grid) -> None:
    price = next(column for column in grid.columns if column.name == "price")
    with pytest.raises(ValueError, match="contains does not fit price"):
        condition(price, Verb.CONTAINS, ["1"], "ann")
    assert str(condition(price, Verb.EMPTY, [], "ann", UTC)) == "article.price IS NULL"


def test_a_filter_made_by_a_program_must_be_right(db: Session, grid: Grid) -> None:
    with pytest.raises(CellError, match="not a number"):
        codes(db, grid, "price", "equal", "cheap")


def test_dates_before_the_calendar_are_no_error(db: Session) -> None:
    zoned = Grid(article_grid().columns, select(Article), [Article.id], zone=ZoneInfo("Asia/Tokyo"))
    assert codes(db, zoned, "seen_at", "before", str(date.min)) == set()


def found(db: Session, grid: Grid, text: str) -> set[str]:
    return {row.code for row in grid.window(db, GridState(search=text), "ann").rows}


def test_the_search_finds_each_word_somewhere_in_the_texts_of_a_row(db: Session, grid: Grid) -> None:
    wanted = {
        "BRIE": {"0007"},
        "brie 007": {"0007"},
        "fat brie ann": {"0007"},
        "brie 0010": set(),
        "käse älpler": {"0010"},
        "KA\u0308SE": {"0010"},
        "00": ALL,
        "underxscore": {"0200"},
        "100%": {"0007"},
        "x0": set(),
        "fat ann": {"0007"},
        "Brand": set(),
    }
    assert {text: found(db, grid, text) for text in wanted} == wanted
    assert grid.count(db, GridState(search="brie"), "ann") == 1


@pytest.mark.parametrize("asked", ["istanbul", "İSTANBUL", "ISTANBUL ist"])
def test_the_search_reads_letters_as_the_filter_by_contained_text_does(
    db: Session, grid: Grid, asked: str
) -> None:
    db.add(Article(code="9999", name="İstanbul", note=""))
    assert found(db, grid, asked) == {"9999"}


def test_a_column_with_conditions_of_its_own_filters_by_them_alone(db: Session) -> None:
    cheap = Column(
        "cheap",
        "Cheap",
        null(),
        Kind.INTEGER,
        conditions={Verb.LESS: lambda most: Article.price < most * 2},
    )
    grid = Grid((*article_grid().columns, cheap), select(Article), [Article.id])
    assert verbs_of(cheap) == (Verb.LESS,)
    assert codes(db, grid, "cheap", "less", "5") == {"0007", "0200", "0300"}
    assert cheap not in grid.file_columns
    assert "cheap" not in grid.window(db, GridState(), None).rows[0]._mapping
    with pytest.raises(ValueError, match="does not fit cheap"):
        condition(cheap, Verb.GREATER, (1,), None)
