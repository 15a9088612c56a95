"""Many people who write into one row at once: no update is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlalchemy import select
from tests.functional.harness import CatalogueDatabase, token_of, url_of
from webtest import TestApp

from batchbook.batches.changed_cells import ChangedCell

CLIENTS, TIMES = 20, 2
#: A client gives up after so many refusals, so that a fault ends the test.
MOST_TRIES = 2_000


class Writer:
    """A client that writes into one field of row 1, each time over what it has seen."""

    def __init__(self, signed_in: TestApp, batch_id: int, token: str) -> None:
        self.client = TestApp(
            signed_in.app, extra_environ=signed_in.extra_environ, cookiejar=signed_in.cookiejar
        )
        self.batch_id = batch_id
        self.headers = {"Accept": "application/json", "X-CSRF-Token": token}
        self.conflicts = 0

    def write(self, field: str, text: str, seen: str, *, block: bool) -> None:
        """Store ``text``, if need be over what others have stored since it was ``seen``."""
        for _ in range(MOST_TRIES):
            theirs = self._block(field, text, seen) if block else self._cell(field, text, seen)
            if theirs is None:
                return
            self.conflicts += theirs != seen
            seen = theirs
        raise AssertionError(f"{text} was never stored")

    def _cell(self, field: str, text: str, seen: str) -> str | None:
        sent = {"field": field, "value": text, "version": "0", f"seen.{field}": seen}
        answer = self._post("rows/1/cell", params=sent)
        if answer.status_int == 200:
            return None
        return str(answer.json["theirs"]) if answer.status_int == 409 else seen

    def _block(self, field: str, text: str, seen: str) -> str | None:
        sent = {"rows": {"keys": [1]}, "columns": [field], "texts": [[text]], "seen": {"1": {field: seen}}}
        answer = self._post("cells", params=sent, json=True)
        if answer.status_int != 200:
            return seen
        conflicts = answer.json["conflicts"]
        return str(conflicts[0]["theirs"]) if conflicts else None

    def _post(self, end: str, *, params: dict[str, Any], json: bool = False) -> Any:
        post = self.client.post_json if json else self.client.post
        answer = post(url_of(self.batch_id, end), params, headers=self.headers, expect_errors=True)
        assert answer.status_int in (200, 409, 503), answer.text  # 503: try again in a moment.
        return answer


def chain_of(catalogue: CatalogueDatabase, field: str) -> list[tuple[str | None, str | None]]:
    """Return the texts before and after of each change of ``field`` in row 1."""
    wanted = select(ChangedCell.old, ChangedCell.new).where(
        ChangedCell.sequence == 1, ChangedCell.field == field
    )
    with catalogue.engine.connect() as connection:
        found = connection.execute(wanted.order_by(ChangedCell.operation, ChangedCell.position))
        return [(change.old, change.new) for change in found]


def test_twenty_clients_who_write_into_one_cell_lose_no_update(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    first = format(catalogue.row(open_batch, 1).new_price, "f")
    token, together = token_of(staff), Barrier(CLIENTS)
    writers = [Writer(staff, open_batch, token) for _ in range(CLIENTS)]

    def work(number: int) -> None:
        together.wait(timeout=60)
        seen = first
        for time in range(TIMES):
            text = f"{number + 100}.{time:02}"
            writers[number].write("new_price", text, seen, block=number % 2 == 1)
            seen = text

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    chain = chain_of(catalogue, "new_price")
    assert sorted(str(new) for _, new in chain) == sorted(
        f"{number + 100}.{time:02}" for number in range(CLIENTS) for time in range(TIMES)
    )
    assert [old for old, _ in chain] == [first, *(new for _, new in chain[:-1])]
    assert format(catalogue.row(open_batch, 1).new_price, "f") == chain[-1][1]
    assert sum(writer.conflicts for writer in writers) >= CLIENTS - 1


def test_two_people_in_different_cells_of_one_row_both_succeed(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    row = catalogue.row(open_batch, 1)
    values = {"new_price": ("8.01", format(row.new_price, "f")), "item_code": ("000000012", row.item_code)}
    together = Barrier(2)

    def work(client: TestApp, field: str, *, block: bool) -> int:
        writer = Writer(client, open_batch, token_of(client))
        together.wait(timeout=60)
        writer.write(field, *values[field], block=block)
        return writer.conflicts

    with ThreadPoolExecutor(2) as pool:
        ended = [
            pool.submit(work, staff, "new_price", block=False),
            pool.submit(work, admin, "item_code", block=True),
        ]
        assert [one.result() for one in ended] == [0, 0]
    after = catalogue.row(open_batch, 1)
    assert (format(after.new_price, "f"), after.item_code) == ("8.01", "000000012")
