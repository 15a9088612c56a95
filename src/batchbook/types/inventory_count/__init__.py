"""Inventory count: what lies on the shelves is counted, once or twice, and becomes the quantity on hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.inventory_count.handler import InventoryCountHandler as InventoryCountHandler
    from batchbook.types.inventory_count.models import CountStatus as CountStatus
    from batchbook.types.inventory_count.models import InventoryCount as InventoryCount
    from batchbook.types.inventory_count.models import InventoryCountRow as InventoryCountRow
    from batchbook.types.inventory_count.models import StageStatus as StageStatus
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.catalog.models import Product, StockMovement
    from batchbook.types.inventory_count.handler import InventoryCountHandler
    from batchbook.types.inventory_count.models import InventoryCount

    config.add_batch_type(
        InventoryCount,
        handler=InventoryCountHandler,
        view="batchbook.types.inventory_count.views.InventoryCountView",
        records=(StockMovement,),
    )
    config.add_batch_only_link(
        Product.on_hand,
        "Make an inventory count",
        "batches.inventory_count.create",
        permission="batch:inventory_count:create",
    )
