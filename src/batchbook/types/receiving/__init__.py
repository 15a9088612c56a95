"""Receiving: what a vendor delivers, compared with what was ordered, that becomes a receipt and stock."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.catalog.models import CostHistory, StockMovement
    from batchbook.types.receiving.handler import ReceivingHandler
    from batchbook.types.receiving.models import Receiving

    config.add_batch_type(
        Receiving,
        handler=ReceivingHandler,
        view="batchbook.types.receiving.views.ReceivingView",
        records=(StockMovement, CostHistory),
    )
