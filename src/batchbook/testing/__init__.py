"""The conformance kit, with which authors of batch types check them."""

from __future__ import annotations

from batchbook.testing.edit_checks import EditChecks, SheetChecks
from batchbook.testing.freeze_checks import FrozenChecks
from batchbook.testing.harness import ROLES, AppHarness, HarnessFixtures
from batchbook.testing.lifecycle_checks import LifeChecks
from batchbook.testing.page_checks import PageChecks
from batchbook.testing.populate_checks import CostChecks, PopulateChecks
from batchbook.testing.sample import Sample
from batchbook.testing.schema_checks import SchemaChecks


class BatchTypeConformance(
    PopulateChecks, EditChecks, SheetChecks, LifeChecks, FrozenChecks, PageChecks, CostChecks, SchemaChecks
):
    """Checks that every batch type must pass. Subclass it under a name that begins with ``Test``.

    Define ``key``, ``settings`` and :meth:`sample`; pytest then collects all checks. A check that does not apply to the
    type, such as quick entry for a type without it, is skipped with the reason.
    """


__all__ = ["ROLES", "AppHarness", "BatchTypeConformance", "HarnessFixtures", "Sample"]
