"""The catalogue: products, vendors, departments, their prices, costs and stock; the target that shipped batch types act upon."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the master views with their entries in the navigation. Needs ``batchbook.web`` and ``batchbook.master``."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.catalog.ledgers import CostHistoryView, StockMovementView
    from batchbook.catalog.matches import MatchView
    from batchbook.catalog.price_history import PriceHistoryView
    from batchbook.catalog.vendor_items import VendorItemView
    from batchbook.catalog.views import DepartmentView, ProductView, VendorView

    views = (
        ProductView, VendorView, VendorItemView, DepartmentView, MatchView, PriceHistoryView, CostHistoryView,
        StockMovementView,
    )  # fmt: skip
    for order, view in enumerate(views, start=50):
        config.add_master_view(view)
        config.add_navigation(view.title, f"{view.prefix}.index", view.permission("view"), "Catalogue", order)
