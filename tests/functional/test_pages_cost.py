"""What pages cost: as many statements for ten thousand rows as for a hundred, and for many batches as for one."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from webtest import TestApp

from batchbook.db.psycopg_connection import GuardedCursor
from batchbook.db.transactions import SIDE_FILE_ENGINE
from batchbook.services import services_of

from .harness import PRICE_LIST, CatalogueDatabase, form_to, json_post, number_in, token_of, upload, url_of

FEW, MANY = 100, 10_000

COLUMNS = "item_code,description,department,category,brand,size,vendor_code,price,on_hand\n"


@contextmanager
def statements(app: Any) -> Iterator[Counter[str]]:
    """Count the statements that the application sends within the block."""
    sent: Counter[str] = Counter()

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent[" ".join(statement.split())] += 1

    engine = services_of(app.registry).get(Engine)
    event.listen(engine, "before_cursor_execute", count)
    yield sent
    event.remove(engine, "before_cursor_execute", count)


def cost(app: Any, ask: Callable[[], Any]) -> Counter[str]:
    """Return the statements of a request whose templates and statements are compiled already."""
    ask()
    with statements(app) as sent:
        ask()
    assert sent, "nothing was counted"
    return sent


def price_list(rows: int) -> str:
    lines = (f"{number:09d},ITEM {number},1 KG,{number % 50 + 1}.05" for number in range(1, rows + 1))
    return "item_code,description,size,price\n" + "\n".join(lines)


@pytest.fixture
def sizes(catalogue: CatalogueDatabase, staff: TestApp) -> dict[int, int]:
    """A batch of each size, by its rows."""
    lines = (f"{n:09d},ITEM {n},D{n % 7},C,B,1 KG,V{n % 9},{n % 50 + 1}.00,1" for n in range(1, MANY + 1, 2))
    catalogue.load(COLUMNS + "\n".join(lines))
    return {
        rows: number_in(upload(staff, price_list(rows), description=f"{rows} rows")) for rows in (FEW, MANY)
    }


def test_pages_of_a_batch_cost_the_same_at_every_size(
    app: Any, catalogue: CatalogueDatabase, staff: TestApp, sizes: dict[int, int]
) -> None:
    filtered = "?f.status.equal=increase&f.new_price.greater=5&sort=-new_price&page=1&size=50"
    for more, most in (
        ("", 37),
        (filtered, 35),
        ("/rows/window?first=20&count=50", 12),
        ("/rows/7", 9),
        ("/history", 12),
        ("/edit", 9),
        ("/rows/new", 6),
        ("/rows/remove?f.status.equal=increase", 7),
    ):
        costs = {
            rows: cost(app, lambda n=n, more=more: staff.get(url_of(n) + more)) for rows, n in sizes.items()
        }
        assert costs[FEW] == costs[MANY], more
        assert costs[MANY].total() <= most, more


def test_an_edit_costs_the_same_at_every_size(
    app: Any, catalogue: CatalogueDatabase, staff: TestApp, sizes: dict[int, int]
) -> None:
    prices = iter(f"{cents / 100:.2f}" for cents in range(101, 200))

    def edit(number: int) -> Any:
        version = str(catalogue.row(number, 7).version)
        fields = {"field": "new_price", "value": next(prices), "version": version}
        return json_post(staff, url_of(number, "rows", 7, "cell"), 200, fields)

    costs = {rows: cost(app, lambda n=n: edit(n)) for rows, n in sizes.items()}
    assert costs[FEW] == costs[MANY]
    assert costs[MANY].total() <= 33


def noting(cursor: type[Any], sent: list[str]) -> type[Any]:
    """Return the class of a driver's cursors that add what they send to ``sent``, each statement by its verb and table."""

    def noted(name: str) -> Callable[..., Any]:
        def method(self: Any, statement: Any, *arguments: Any, **options: Any) -> Any:
            sent.append(verb_and_table(str(statement)))
            return getattr(cursor, name)(self, statement, *arguments, **options)

        return method

    methods = [name for name in ("execute", "executemany", "copy") if hasattr(cursor, name)]
    return type("Noting", (cursor,), {name: noted(name) for name in methods})


def verb_and_table(statement: str) -> str:
    """Return the verb of a statement, and the first table that it names."""
    table = re.search(r'(?:FROM|INTO|UPDATE|COPY|PRAGMA) "?(\w+)', " ".join(statement.split()))
    verb = statement.split()[0]
    return f"{verb} {table[1]}" if table else verb


@contextmanager
def sent_by_drivers(app: Any) -> Iterator[list[str]]:
    """Note what the drivers send within the block, bulk writing and SQLite's side file included.

    They commit without a statement, and on PostgreSQL begin without one, too.
    """
    sent: list[str] = []
    cursors = noting(sqlite3.Cursor, sent)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = cursors) -> Any:
            return super().cursor(factory)

        def executemany(self, statement: str, rows: Any, /) -> Any:
            return self.cursor().executemany(statement, rows)

    def connect(dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        if dialect.name == "sqlite":
            options["factory"] = Connection

    def connected(connection: Any, _record: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            connection.cursor_factory = noting(GuardedCursor, sent)

    engine = services_of(app.registry).get(Engine)
    for one in (engine, engine.get_execution_options().get(SIDE_FILE_ENGINE)):
        if one is not None:
            one.dispose()
            event.listen(one, "do_connect", connect, insert=True)
            event.listen(one, "connect", connected)
    yield sent


#: What saving a cell sends, after the person and the state of the batch were looked up, in order.
OF_AN_EDIT = [
    "SAVEPOINT",
    "SELECT batch",  # Locks it.
    "SELECT job",
    "SELECT batch_policy",
    "SELECT price_change_row",
    "SELECT price_change_row",  # With its peers, before …
    "UPDATE price_change_row",
    "SAVEPOINT",
    "SELECT price_change_row",  # Codes that the catalogue spells otherwise.
    "UPDATE price_change_row",  # The refresh.
    "RELEASE",
    "SELECT price_change_row",  # … and after it, to count them.
    "INSERT operation",
    "INSERT cell_change",
    "RELEASE",
]
#: What the answer needs: the row, how the grid is arranged, and the marks on the row's cells.
OF_THE_ANSWER = [
    "SELECT price_change_row",
    "SELECT grid_setting",
    "SELECT saved_view",
    "SELECT cell_change",
    "SELECT batch_comment",
]
ON_SQLITE = [
    *("SELECT web_session", "BEGIN", "SELECT user_account"),
    *("BEGIN", "SELECT job"),
    *("PRAGMA busy_timeout", "BEGIN", "PRAGMA busy_timeout", "SELECT batch"),
]
ON_POSTGRESQL = ["SELECT user_account", "SELECT job", "SELECT batch"]


def test_a_saved_cell_sends_these_statements(app: Any, staff: TestApp, open_batch: int, backend: str) -> None:
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(staff)}
    cell = url_of(open_batch, "rows", 2, "cell")

    def save(price: str, version: int) -> None:
        fields = {"field": "new_price", "value": price, "version": str(version)}
        assert staff.post(cell, fields, headers=headers, status=200).json["changed"]

    with sent_by_drivers(app) as sent:
        save("7.50", 1)  # Opens the connections.
        del sent[:]
        save("7.60", 2)
    # PostgreSQL's connections are tried before each use, and bulk writing copies.
    found = [one.replace("COPY", "INSERT") for one in sent if one != ";"]
    before = ON_SQLITE if backend == "sqlite" else ON_POSTGRESQL
    assert found == [*before, *OF_AN_EDIT, *OF_THE_ANSWER]


def test_the_page_of_an_administrator_costs_the_same_at_every_size_with_the_panel(
    app: Any, catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, sizes: dict[int, int]
) -> None:
    for number in sizes.values():
        form_to(staff.get(url_of(number)), "/complete").submit(status=303)
    costs = {rows: cost(app, lambda n=n: admin.get(url_of(n))) for rows, n in sizes.items()}
    assert costs[FEW] == costs[MANY]


def test_the_actions_grow_by_chunks_only(
    app: Any, catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, sizes: dict[int, int]
) -> None:
    for end, browser in (("/refresh", staff), ("/complete", staff), ("/execute", admin)):
        sent = {}
        for rows, number in sizes.items():
            form = form_to(browser.get(url_of(number)), end)
            if (
                "overwrite" in form.fields
            ):  # The small list has changed prices that are in the large one as well.
                form["overwrite"] = True
            with statements(app) as sent[rows]:
                answer = form.submit(status="*")
            if answer.status_int == 409:  # What is overwritten is to be confirmed as it is now.
                with statements(app) as sent[rows]:
                    form_to(answer, end).submit(status=303)
        assert sent[FEW].total() > 3
        assert sent[MANY].total() - sent[FEW].total() <= 2 * MANY // 2_000, end


def test_lists_of_batches_and_the_start_page_cost_the_same_however_many_there_are(
    app: Any, catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    pages = ("/", "/batches", "/batches/price-change")
    before = {page: cost(app, lambda page=page: staff.get(page)) for page in pages}
    for _ in range(8):
        upload(staff, PRICE_LIST)
    assert {page: cost(app, lambda page=page: staff.get(page)) for page in pages} == before
