"""Routes of the catalogue: its master views, with their entries in the navigation."""

from __future__ import annotations

from typing import Any

from batchbook.catalog.ledgers import CostHistoryView, StockMovementView
from batchbook.catalog.matches import MatchView
from batchbook.catalog.price_history import PriceHistoryView
from batchbook.catalog.vendor_items import VendorItemView
from batchbook.catalog.views import DepartmentView, ProductView, VendorView


def includeme(config: Any) -> None:
    """Register the pages and their entries in the navigation."""
    for order, view in enumerate(
        (
            ProductView,
            VendorView,
            VendorItemView,
            DepartmentView,
            MatchView,
            PriceHistoryView,
            CostHistoryView,
            StockMovementView,
        ),
        start=50,
    ):
        config.add_master_view(view)
        config.add_navigation(view.title, f"{view.prefix}.index", view.permission("view"), "Catalogue", order)
