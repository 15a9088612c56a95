"""Reorder points by vendor: a batch type for Batchbook."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the batch type."""
    config.add_batch_type(
        "batchbook_reorderpoints.models.ReorderPoints",
        handler="batchbook_reorderpoints.handler.ReorderPointsHandler",
    )
