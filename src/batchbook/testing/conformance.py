"""All checks together: the class that an author subclasses."""

from __future__ import annotations

from batchbook.testing.cost import CostChecks
from batchbook.testing.editing import EditChecks
from batchbook.testing.frozen import FrozenChecks
from batchbook.testing.life import LifeChecks
from batchbook.testing.pages import PageChecks
from batchbook.testing.populating import PopulateChecks
from batchbook.testing.schema import SchemaChecks
from batchbook.testing.sheets import SheetChecks


class BatchTypeConformance(
    PopulateChecks, EditChecks, SheetChecks, LifeChecks, FrozenChecks, PageChecks, CostChecks, SchemaChecks
):
    """What every batch type must do. Subclass it under a name that begins with ``Test``.

    Say ``key``, ``settings`` and :meth:`sample`; pytest then collects every check. A check that does not concern the
    type, such as quick entry for a type without one, is skipped with its reason.
    """
