"""The catalogue: products, vendors, departments and price history, the target that shipped batch types act upon."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the pages. Needs ``batchbook.web`` and ``batchbook.master``."""
    config.include("batchbook.catalog.routes")
