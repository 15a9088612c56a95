"""The pages of price changes: what they show, as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from batchbook.batches import BatchMasterView
from batchbook.grid import Column


class PriceChangeView(BatchMasterView):
    """Price changes."""

    description = "A vendor's price list, or a change by %, that becomes the prices of your products."
    row_grid_columns: ClassVar[Sequence[str | Column]] = (
        "item_code",
        "description",
        "size",
        "old_price",
        "new_price",
        "change_percent",
        "over_limit",
    )
