"""What machines ask: whether the process lives, whether it is ready for requests, and how the jobs are."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Answer ``/health`` and ``/ready``, and ``/metrics`` where the settings have a token for it."""
    config.include("batchbook.health.readiness")
    config.include("batchbook.health.metrics")
