"""Product removals: products on sale are deactivated, and those that have been inactive for a while are deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.delete_product.handler import DeleteProductHandler as DeleteProductHandler
    from batchbook.types.delete_product.models import DeleteProduct as DeleteProduct
    from batchbook.types.delete_product.models import DeleteProductRow as DeleteProductRow
    from batchbook.types.delete_product.models import RemovalStatus as RemovalStatus
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.types.delete_product.handler import DeleteProductHandler
    from batchbook.types.delete_product.models import DeleteProduct

    config.add_batch_type(
        DeleteProduct,
        handler=DeleteProductHandler,
        view="batchbook.types.delete_product.views.DeleteProductView",
    )
