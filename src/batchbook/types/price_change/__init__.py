"""Price change: a vendor's price list, or a change by per cent, that becomes the products' prices."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the type."""
    config.add_batch_type(
        "batchbook.types.price_change.models.PriceChange",
        handler="batchbook.types.price_change.handler.PriceChangeHandler",
        view="batchbook.types.price_change.views.PriceChangeView",
    )
