"""Endpoints for machines: liveness, readiness, and metrics of jobs."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Answer ``/health`` and ``/ready``, and ``/metrics`` where the settings have a token for it."""
    config.include("batchbook.health.readiness")
    config.include("batchbook.health.metrics")
