"""Batches whose executions change prices."""

from __future__ import annotations

from tests.functional.fixtures import complete_batch, executed_batch, open_batch

__all__ = ["complete_batch", "executed_batch", "open_batch"]
