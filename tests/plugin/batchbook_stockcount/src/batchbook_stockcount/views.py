"""The pages of stock counts: what they show, as data, and one panel of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Row

from batchbook.batches import BatchMasterView, RowTable
from batchbook_stockcount import sql
from batchbook_stockcount.models import StockCount

_SHOWN = 5


class StockCountView(BatchMasterView):
    """Stock counts."""

    description = "What was counted on the shelves, to become the quantity on hand."
    row_table = RowTable(("item_code", "description", "counted", "total", "on_hand"))
    templates: ClassVar[Mapping[str, str]] = {
        **BatchMasterView.templates,
        "view": "batchbook_stockcount:templates/view.jinja2",
    }

    def largest_differences(self, batch: StockCount) -> list[Row[Any]]:
        """Return what the panel on a count's page shows."""
        return sql.largest_differences(self.request.db, batch, _SHOWN)
