"""Product proposals: new products from a list, by hand or by scanning, that are checked and then created in the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.new_product.handler import NewProductHandler as NewProductHandler
    from batchbook.types.new_product.models import NewProduct as NewProduct
    from batchbook.types.new_product.models import NewProductRow as NewProductRow
    from batchbook.types.new_product.models import ProposalsStatus as ProposalsStatus
    from batchbook.types.new_product.models import ProposalStatus as ProposalStatus
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.types.new_product.handler import NewProductHandler
    from batchbook.types.new_product.models import NewProduct

    config.add_batch_type(
        NewProduct,
        handler=NewProductHandler,
        view="batchbook.types.new_product.views.NewProductView",
    )
