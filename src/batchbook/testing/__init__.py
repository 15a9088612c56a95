"""The conformance kit that the author of a batch type runs against it."""

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
    """What every batch type must do. Subclass it under a name that begins with ``Test``.

    Say ``key``, ``settings`` and :meth:`sample`; pytest then collects every check. A check that does not concern the
    type, such as quick entry for a type without one, is skipped with its reason.
    """


__all__ = ["ROLES", "AppHarness", "BatchTypeConformance", "HarnessFixtures", "Sample"]
