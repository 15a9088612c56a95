"""The shop and its batches, for the stories."""

from __future__ import annotations

from .fixtures import addresses, complete_batch, executed_batch, open_batch

__all__ = ["addresses", "complete_batch", "executed_batch", "open_batch"]
