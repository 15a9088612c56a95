"""Receiving: what a vendor delivers, compared with what was ordered, that becomes a receipt and stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.receiving.handler import ReceivingHandler as ReceivingHandler
    from batchbook.types.receiving.models import DeliveryStatus as DeliveryStatus
    from batchbook.types.receiving.models import Receiving as Receiving
    from batchbook.types.receiving.models import ReceivingRow as ReceivingRow
else:
    __getattr__ = lazy_exports(__name__)


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
