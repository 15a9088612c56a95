"""What pages cost: as many statements for ten thousand rows as for a hundred, and for many batches as for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from webtest import TestApp

from batchbook.services import services_of

from .harness import PRICE_LIST, CatalogueDatabase, form_to, json_post, number_in, upload, url_of

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
    for more in (
        "",
        filtered,
        "/rows/7",
        "/history",
        "/edit",
        "/rows/new",
        "/rows/remove?f.status.equal=increase",
    ):
        costs = {
            rows: cost(app, lambda n=n, more=more: staff.get(url_of(n) + more)) for rows, n in sizes.items()
        }
        assert costs[FEW] == costs[MANY], more
        assert costs[MANY].total() < 45, more


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
    assert costs[MANY].total() < 60


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
