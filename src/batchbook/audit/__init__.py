"""The evidence of executed batches for auditors: their pages, and the pack that proves a batch without Batchbook."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the pages. Needs ``batchbook.batches``, and comes before the batch types, to whose batches it adds pages."""
    config.include("batchbook.audit.routes")
