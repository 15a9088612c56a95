"""The shop and its batches, for the tests of single pages."""

from __future__ import annotations

from tests.functional.fixtures import addresses, complete_batch, executed_batch, open_batch

__all__ = ["addresses", "complete_batch", "executed_batch", "open_batch"]
