"""Stock counts: what was counted on the shelves becomes the products' quantity on hand."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the batch type."""
    config.add_batch_type(
        "batchbook_stockcount.models.StockCount",
        handler="batchbook_stockcount.handler.StockCountHandler",
        view="batchbook_stockcount.views.StockCountView",
    )
