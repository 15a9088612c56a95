"""One cell, changed by twenty people at the same time: no change is lost, and none is stored twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from tests.functional.harness import CatalogueDatabase, token_of, url_of
from webtest import TestApp

from batchbook.batches.models import CellChange

PEOPLE, EACH = 20, 1
STEP = Decimal("0.01")
_MOST_TRIES = 400


class Hammer:
    """Somebody who adds to the price in one cell, as the grid's page does: by the text that they have seen."""

    def __init__(self, app: Any, somebody: TestApp, token: str, url: str) -> None:
        self.client = TestApp(app)
        cookies = "; ".join(f"{name}={value}" for name, value in somebody.cookies.items())
        self.headers = {"Accept": "application/json", "X-CSRF-Token": token, "Cookie": cookies}
        self.url = url
        self.seen, self.version = "2.20", 1
        #: The texts over which this person stored one.
        self.stored_over: list[str] = []

    def add(self, times: int) -> None:
        """Add the step so many times, again wherever somebody else was faster or the database is busy."""
        for _ in range(_MOST_TRIES):
            if len(self.stored_over) == times:
                return
            text = str(Decimal(self.seen) + STEP)
            fields = {"field": "new_price", "value": text, "version": str(self.version)}
            sent = fields | {"seen.new_price": self.seen}
            answer = self.client.post(self.url, sent, headers=self.headers, status="*")
            if answer.status_int == 200:
                if answer.json["changed"]:  # Otherwise somebody else had made the same price of it.
                    self.stored_over.append(self.seen)
                self.seen = text
            elif answer.status_int == 409:
                self.seen = answer.json["theirs"]
            else:
                assert answer.status_int == 503
            self.version = answer.json.get("version", self.version)
        raise AssertionError("Others were faster each time.")


def test_no_change_of_a_cell_is_lost(
    app: Any, staff: TestApp, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    url = url_of(open_batch, "rows", 1, "cell")
    token = token_of(staff)
    people = [Hammer(app, staff, token, url) for _ in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(lambda person: person.add(EACH), people))
    total = PEOPLE * EACH
    row = catalogue.row(open_batch, 1)
    assert (row.new_price, row.version) == (Decimal("2.20") + total * STEP, total + 1)
    # Each was stored over another text: nobody's is under somebody else's.
    assert len({text for person in people for text in person.stored_over}) == total
    changes = select(CellChange.old, CellChange.new).where(
        CellChange.batch_id == open_batch, CellChange.sequence == 1
    )
    with catalogue.engine.connect() as connection:
        texts = connection.execute(changes.order_by(CellChange.operation)).all()
    assert [old for old, _ in texts[1:]] == [new for _, new in texts[:-1]]
