"""Windows of rows by position: numbered rows, kept keys and their tokens."""

from __future__ import annotations

from array import array

import pytest
from sqlalchemy import Engine, delete, select, update

from batchbook.db.transactions import make_session, transaction_scope
from batchbook.errors import Conflict
from batchbook.grid import (
    Filter,
    Grid,
    GridState,
    KeyCache,
    Snapshot,
    Sort,
    Verb,
    columns_of,
    windows,
)
from batchbook.grid.key_cache import KeptKeys
from batchbook.grid.windows import MOST_ROWS

from .harness import Article, article_grid
from .shelf import ARTICLES, Shelf, codes


def test_numbered_rows_are_found_at_any_depth_without_keys(shelf: Shelf) -> None:
    found = shelf.windows().window(GridState(), 1_195, 50)
    assert (found.total, found.token) == (ARTICLES, "")
    assert [at for at, _ in found.rows] == [1_195, 1_196, 1_197, 1_198, 1_199]
    assert codes(found) == ["01195", "01196", "01197", "01198", "01199"]
    assert codes(shelf.windows().window(GridState(), ARTICLES, 50)) == []
    by_number = Grid(columns_of(Article, ["id", "code"]), select(Article), [Article.id])
    last_first = GridState(sort=(Sort("id", descending=True),))
    assert codes(shelf.windows(by_number).window(last_first, 0, 2)) == ["01199", "01198"]


def test_rows_with_gaps_in_their_numbers_are_found_by_their_keys(thousand: Engine, shelf: Shelf) -> None:
    with transaction_scope(thousand) as session:
        session.execute(delete(Article).where(Article.id % 3 == 0))
    with make_session(thousand, read_only=True) as shelf.session:
        found = shelf.windows(known_total=ARTICLES - ARTICLES // 3).window(GridState(), 798, 9)
        assert found.total == 800
        assert codes(found) == ["01197", "01198"]  # Counted from 1, their numbers are 1198 and 1199.
        assert found.token


def test_any_order_is_that_of_the_whole_and_empty_values_come_last(shelf: Shelf) -> None:
    grid = article_grid()
    for sort in (Sort("price"), Sort("price", descending=True), Sort("name"), Sort("code", descending=True)):
        state = GridState(sort=(sort,))
        whole = [row.code for row in grid.all_rows(shelf.session, state, "ann")]
        token, seen = "", []
        for first in range(0, ARTICLES, 500):
            found = shelf.windows().window(state, first, 500, token)
            token = found.token
            seen += codes(found)
        assert seen == whole
        pages = [
            row.code
            for number in range(1, 4)
            for row in shelf.windows().page(GridState(sort=(sort,), page_size=500, page=number)).rows
        ]
        assert pages == whole


def test_a_page_counts_and_lies_within_what_there_is(shelf: Shelf) -> None:
    filtered = GridState(filters=(Filter("price", Verb.EQUAL, ("2",)),), page_size=200)
    page = shelf.windows().page(filtered.at_page(99))
    assert (page.first, page.last, page.total, page.pages, page.state.page) == (401, 480, 480, 3, 3)
    assert len(page.rows) == 80
    nothing = shelf.windows().page(GridState(filters=(Filter("price", Verb.EQUAL, ("5",)),)))
    assert (nothing.first, nothing.last, nothing.total, nothing.pages) == (0, 0, 0, 1)


def test_a_window_is_no_larger_than_the_most(shelf: Shelf) -> None:
    assert len(shelf.windows().window(GridState(), 0, 10_000).rows) == MOST_ROWS


def test_keys_are_kept_for_the_view_and_the_version(shelf: Shelf) -> None:
    by_price = GridState(sort=(Sort("price"),))
    first = shelf.windows().window(by_price, 0, 2)
    again = shelf.windows().window(GridState(sort=(Sort("price"),), page=3, page_size=20), 0, 2)
    assert first.token == again.token
    kept = shelf.cache.get(first.token)
    assert kept is not None
    assert isinstance(kept.keys, array)
    others = [
        shelf.windows().window(GridState(sort=(Sort("code"),)), 0, 2).token,
        shelf.windows(user="bob").window(by_price, 0, 2).token,
    ]
    shelf.now = Snapshot("shelf", "1", "8")
    others.append(shelf.windows().window(by_price, 0, 2).token)
    assert len({first.token, *others}) == 4


def test_who_has_a_token_sees_rows_in_their_places_until_rows_are_added_or_made_anew(
    thousand: Engine, shelf: Shelf
) -> None:
    by_price = GridState(sort=(Sort("price"),))
    seen = shelf.windows().window(by_price, 0, 3)
    assert codes(seen) == ["00002", "00004", "00007"]
    shelf.session.close()
    with transaction_scope(thousand) as session:
        session.execute(update(Article).where(Article.code == "00002").values(price=99))
        session.execute(delete(Article).where(Article.code == "00004"))
    shelf.now = Snapshot("shelf", "1", "8")
    with make_session(thousand, read_only=True) as shelf.session:
        kept = shelf.windows().window(by_price, 0, 3, seen.token)
        assert (kept.token, kept.total) == (seen.token, ARTICLES)
        assert [(at, row.code) for at, row in kept.rows] == [(0, "00002"), (2, "00007")]
        assert codes(shelf.windows().window(by_price, 0, 2)) == ["00007", "00009"]
        shelf.now = Snapshot("shelf", "2", "8")
        assert codes(shelf.windows().window(by_price, 0, 2, seen.token)) == ["00007", "00009"]


def test_a_token_of_another_process_or_view_is_worked_out_again(shelf: Shelf) -> None:
    by_price = GridState(sort=(Sort("price"),))
    token = shelf.windows().window(by_price, 0, 3).token
    shelf.cache = KeyCache()
    assert shelf.windows().window(by_price, 0, 3, token).token == token
    for strange in ("", "7", "-", "7-" + "0" * 20, "x" * 500):
        assert shelf.windows().window(by_price, 0, 3, strange).token == token
    assert shelf.windows().window(GridState(sort=(Sort("name"),)), 0, 3, token).token != token


def test_keys_at_positions_are_those_that_were_seen_or_none(shelf: Shelf) -> None:
    by_price = GridState(sort=(Sort("price"),))
    token = shelf.windows().window(by_price, 0, 3).token
    assert list(shelf.windows().keys_at(by_price, 0, 3, token)) == [3, 5, 8]
    assert list(shelf.windows().keys_at(GridState(), 1_198, 9)) == [1_199, 1_200]
    shelf.now = Snapshot("shelf", "1", "8")
    assert list(shelf.windows().keys_at(by_price, 1, 2, token)) == [5, 8]
    shelf.cache = KeyCache()
    with pytest.raises(Conflict, match="not certain which ones you mean"):
        shelf.windows().keys_at(by_price, 0, 3, token)
    with pytest.raises(Conflict):
        shelf.windows().keys_at(by_price, 0, 3)


def test_without_versions_nothing_is_kept_but_for_its_token(shelf: Shelf) -> None:
    shelf.now = Snapshot("shelf")
    by_price = GridState(sort=(Sort("price"),))
    first, second = (shelf.windows().window(by_price, 0, 3) for _ in range(2))
    assert first.token != second.token
    assert shelf.windows().window(by_price, 0, 3, first.token).token == first.token


def test_what_a_transaction_wrote_is_not_kept(thousand: Engine) -> None:
    by_price = GridState(sort=(Sort("price"),))
    with transaction_scope(thousand) as session:
        shelf = Shelf(session)
        session.execute(update(Article).where(Article.code == "00000").values(price=1))
        found = shelf.windows().window(by_price, 0, 1)
    assert codes(found) == ["00000"]
    assert shelf.cache.get(found.token) is None


def test_a_view_of_many_rows_begins_with_its_first_keys_and_has_the_others_listed(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "FIRST_KEYS", 100)
    monkeypatch.setattr(windows, "FIRST_UNCOUNTED", 100)
    grid = article_grid()
    cheap = Filter("price", Verb.LESS, ("5",))
    for state in (GridState(sort=(Sort("price"),)), GridState((cheap,), (Sort("price", descending=True),))):
        whole = [row.code for row in grid.all_rows(shelf.session, state, "ann")]
        for first in (0, 95, len(whole) - 40, 500):
            shelf.cache = KeyCache()
            found = shelf.windows().window(state, first, 30)
            assert (codes(found), found.total) == (whole[first : first + 30], len(whole))
            while shelf.cache._waiting:
                pass
            kept = shelf.cache.get(found.token)
            assert kept is not None
            assert kept.is_whole
            assert codes(shelf.windows().window(state, 300, 30, found.token)) == whole[300:330]


def test_keys_that_are_listed_later_are_those_of_the_same_version(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "FIRST_KEYS", 100)
    by_price = GridState(sort=(Sort("price"),))
    seen = shelf.windows()
    put = shelf.cache.put

    def put_before_a_change(token: str, keys: KeptKeys) -> None:
        put(token, keys)
        shelf.now = Snapshot("shelf", "1", "8")

    monkeypatch.setattr(shelf.cache, "put", put_before_a_change)
    first = seen.window(by_price, 0, 10)
    while shelf.cache._waiting:
        pass
    kept = shelf.cache.get(first.token)
    assert kept is not None
    assert (len(kept.keys), kept.total) == (100, ARTICLES)
    assert shelf.windows().window(by_price, 20, 10, first.token).token == first.token
    assert shelf.windows().window(by_price, 500, 10, first.token).token != first.token
