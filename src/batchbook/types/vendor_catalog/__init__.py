"""Vendor catalogue: a vendor's list of costs, case packs and item codes that becomes its vendor items and the products' costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.vendor_catalog.handler import VendorCatalogHandler as VendorCatalogHandler
    from batchbook.types.vendor_catalog.models import CostStatus as CostStatus
    from batchbook.types.vendor_catalog.models import VendorCatalog as VendorCatalog
    from batchbook.types.vendor_catalog.models import VendorCatalogRow as VendorCatalogRow
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.catalog.models import CostHistory
    from batchbook.types.vendor_catalog.handler import VendorCatalogHandler
    from batchbook.types.vendor_catalog.models import VendorCatalog

    config.add_batch_type(
        VendorCatalog,
        handler=VendorCatalogHandler,
        view="batchbook.types.vendor_catalog.views.VendorCatalogView",
        records=(CostHistory,),
    )
