"""Ordering: what a vendor is to deliver, proposed by reorder points, that becomes a purchase order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.ordering.handler import OrderingHandler as OrderingHandler
    from batchbook.types.ordering.models import Ordering as Ordering
    from batchbook.types.ordering.models import OrderingRow as OrderingRow
    from batchbook.types.ordering.models import OrderStatus as OrderStatus
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.types.ordering.handler import OrderingHandler
    from batchbook.types.ordering.models import Ordering

    config.add_batch_type(
        Ordering, handler=OrderingHandler, view="batchbook.types.ordering.views.OrderingView"
    )
