"""Product proposals: new products from a list, by hand or by scanning, that are checked and then created in the catalogue."""

from __future__ import annotations

from typing import Any


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
