"""Price promotion: prices from one day to another, with a return to what was there, by two linked batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.price_promotion.handler import PricePromotionHandler as PricePromotionHandler
    from batchbook.types.price_promotion.models import PricePromotion as PricePromotion
    from batchbook.types.price_promotion.models import PricePromotionRow as PricePromotionRow
    from batchbook.types.price_promotion.models import PromotionStatus as PromotionStatus
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.catalog.models import PriceHistory, Product
    from batchbook.types.price_promotion.handler import PricePromotionHandler
    from batchbook.types.price_promotion.models import PricePromotion

    config.add_batch_type(
        PricePromotion,
        handler=PricePromotionHandler,
        view="batchbook.types.price_promotion.views.PricePromotionView",
        records=(PriceHistory,),
    )
    config.add_batch_only_link(
        Product.price,
        "Make a price promotion",
        "batches.price_promotion.create",
        permission="batch:price_promotion:create",
    )
