"""The lists of real vendors, against the whole catalogue where it is at hand, else against the packaged part."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import Engine, func, select
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness

from batchbook.batches import Action, BatchFile
from batchbook.batches.engine.reversing import reverse_batch
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope

RealFile = Callable[[str], Path]

#: What is to be found in the lists: rows, then rows by status, against the whole catalogue.
EXPECTED = {
    "price-list-V0764.csv": (642, 78, 77, 257, 230),
    "price-list-V0002.csv": (512, 160, 82, 75, 195),
}
STATUSES = ("increase", "decrease", "unchanged", "not_in_catalogue")
WHOLE = 37_753


def in_python(content: str, prices: dict[str, Decimal]) -> Counter[str]:
    """Compare a list with prices in the plainest way there is."""
    found: Counter[str] = Counter()
    for line in content.splitlines()[1:]:
        code, new = line.split(",")[0], Decimal(line.rpartition(",")[2])
        old = prices.get(code)
        found[
            "not_in_catalogue"
            if old is None
            else "unchanged"
            if new == old
            else "increase"
            if new > old
            else "decrease"
        ] += 1
    return found


def as_workbook(content: str) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    for number, line in enumerate(content.splitlines()):
        code, description, size, price = line.split(",")
        page.write_string(number, 0, code)
        page.write_row(number, 1, [description, size])
        page.write(number, 3, float(price) if number else price)
    book.close()
    return target.getvalue()


@pytest.fixture
def harness(real_catalogue: None, engine: Engine) -> BatchHarness:
    return BatchHarness(engine, PRICE_CHANGE)


def test_the_lists_are_what_they_are_known_to_be(
    engine: Engine, harness: BatchHarness, real_file: RealFile
) -> None:
    with transaction_scope(engine, read_only=True) as session:
        prices = {code: price for code, price in session.execute(select(Product.item_code, Product.price))}  # noqa: C416
    lists = {name: real_file(name) for name in EXPECTED if real_file(name).exists()}
    assert lists
    for name, path in lists.items():
        content = path.read_text(encoding="utf-8")
        for data, called in ((content.encode(), name), (as_workbook(content), name.replace(".csv", ".xlsx"))):
            batch_id = harness.create(data, called)
            assert not harness.run(batch_id, Action.POPULATE).failed
            counts = harness.batch(batch_id).status_counts
            assert Counter(counts) == in_python(content, prices)
            if len(prices) == WHOLE:
                rows, *by_status = EXPECTED[name]
                assert harness.batch(batch_id).row_count == rows
                assert [counts[status] for status in STATUSES] == by_status
            assert [row.item_code for row in harness.rows(batch_id)] == [
                line.split(",")[0] for line in content.splitlines()[1:]
            ]
            harness.assert_counted(batch_id)


def test_a_real_list_is_executed(engine: Engine, harness: BatchHarness, real_file: RealFile) -> None:
    path = real_file("price-list-V0764.csv")
    batch_id = harness.create(path.read_bytes(), warn_above="25")
    harness.run(batch_id, Action.POPULATE)
    counts = harness.batch(batch_id).status_counts
    changing = counts["increase"] + counts["decrease"]
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(PriceHistory)) == changing
        differing = (
            select(func.count())
            .select_from(Product)
            .join(
                PRICE_CHANGE.row,
                PRICE_CHANGE.row.item_code == Product.item_code,  # type: ignore[attr-defined]
            )
        )
        row = PRICE_CHANGE.row
        assert session.scalar(differing.where(row.batch_id == batch_id, row.new_price != Product.price)) == 0  # type: ignore[attr-defined]
        stored = session.scalars(select(BatchFile).where(BatchFile.batch_id == batch_id)).one()
        assert stored.size == path.stat().st_size


def test_all_products_of_the_catalogue(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.create(percent="5", rounding="nine")
    for action in (Action.POPULATE, Action.COMPLETE, Action.EXECUTE):
        assert not harness.run(batch_id, action).failed
    with transaction_scope(engine, read_only=True) as session:
        products = session.scalar(select(func.count()).select_from(Product).where(Product.active))
        assert harness.batch(batch_id).row_count == products
        endings = session.scalar(
            select(func.count()).select_from(PriceHistory).where(PriceHistory.batch_id == batch_id)
        )
        assert endings == products - harness.batch(batch_id).status_counts.get("unchanged", 0)  # type: ignore[operator]
        assert {str(price)[-1] for price in session.scalars(select(Product.price).distinct())} == {"9"}


def test_a_real_list_is_reversed_to_the_prices_from_before(
    engine: Engine, real_catalogue: None, real_file: RealFile
) -> None:
    path = real_file("price-list-V0764.csv")
    if not path.exists():
        pytest.skip("price-list-V0764.csv is not packaged")
    harness = BatchHarness(engine, PRICE_CHANGE)

    def prices() -> dict[str, Decimal]:
        with transaction_scope(engine, read_only=True) as session:
            return {code: price for code, price in session.execute(select(Product.item_code, Product.price))}  # noqa: C416 - Rows are no tuples.

    before = prices()
    number = harness.open(path.read_bytes())
    harness.run(number, Action.COMPLETE, Action.EXECUTE, confirm="all")
    changed = prices()
    assert sum(changed[code] != before[code] for code in before) == 155
    with harness.engine() as acting:
        back = reverse_batch(acting, number).id
    rows = harness.rows(back)
    assert Counter(row.status for row in rows) == {"increase": 77, "decrease": 78}
    assert all(row.status_text.startswith("Reversible.") for row in rows)
    harness.run(back, Action.COMPLETE, Action.EXECUTE, confirm="all")
    assert prices() == before
