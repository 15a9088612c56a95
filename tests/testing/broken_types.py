"""A batch type of which each test breaks one thing, so that a check of the kit complains."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batchbook.catalog.models import Product
from batchbook.testing import AppHarness, BatchTypeConformance, Sample
from batchbook.testing.databases import Databases
from batchbook.testing.harness import FEW


class Kit(BatchTypeConformance):
    """The checks of price changes; they run on SQLite, which is enough to see that they complain."""

    key = "price_change"

    def sample(self, session: Any, rows: int) -> Sample:
        codes = [f"{number:09d}" for number in range(rows)]
        session.add_all(Product(item_code=code, description="Item", price=Decimal("4.99")) for code in codes)
        out = io.StringIO()
        table = csv.writer(out)
        table.writerow(["item_code", "description", "size", "price"])
        table.writerows([code, "", "", "5.49"] for code in codes)
        return Sample(
            file=out.getvalue().encode(),
            edit=("new_price", "6.25"),
            row={"item_code": "1", "new_price": "1.00"},
            scan="1",
        )


@contextmanager
def broken(
    databases: Databases, handler: type[Any], rows: int = FEW, kit: type[Kit] = Kit
) -> Iterator[tuple[Kit, AppHarness]]:
    """Yield the kit, and an application in which the type has ``handler`` and a batch made by it, unless ``rows`` is 0."""
    checks = kit()
    with checks.opened(databases, "sqlite") as harness:
        shipped = harness.batch_type
        harness.types.add(replace(shipped, handler=handler))
        try:
            if rows:
                harness.made = checks.make(harness, rows)
            yield checks, harness
        finally:
            harness.types.add(shipped)


def complaint(check: Callable[..., None], *arguments: Any) -> str:
    """Return what ``check`` complains about."""
    with pytest.raises(AssertionError) as raised:
        check(*arguments)
    return str(raised.value)
