"""The batch types that Batchbook ships. Each uses the public API only, as a plug-in would.

What the package of a type exports is public: its handler, from which others are made, its models and their statuses.
"""

from __future__ import annotations

from typing import Any

#: The packages of the types in the order of the navigation.
SHIPPED = (
    "imports",
    "price_change",
    "new_product",
    "delete_product",
    "price_promotion",
    "inventory_count",
    "handheld",
    "labels",
    "vendor_catalog",
    "ordering",
    "receiving",
    "vendor_invoice",
)


def includeme(config: Any) -> None:
    """Register the types."""
    for name in SHIPPED:
        config.include(f"batchbook.types.{name}")
