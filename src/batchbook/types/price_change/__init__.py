"""Price change: a vendor's price list, or a change by per cent, that becomes the products' prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.price_change.handler import PriceChangeHandler as PriceChangeHandler
    from batchbook.types.price_change.models import PriceChange as PriceChange
    from batchbook.types.price_change.models import PriceChangeRow as PriceChangeRow
    from batchbook.types.price_change.models import PriceStatus as PriceStatus
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.catalog.models import PriceHistory, Product
    from batchbook.types.price_change.handler import PriceChangeHandler
    from batchbook.types.price_change.models import PriceChange

    config.add_batch_type(
        PriceChange,
        handler=PriceChangeHandler,
        view="batchbook.types.price_change.views.PriceChangeView",
        records=(PriceHistory,),
    )
    config.add_batch_only_link(
        Product.price,
        "Make a price change",
        "batches.price_change.create",
        permission="batch:price_change:create",
    )
