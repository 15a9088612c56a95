"""Endpoints for machines: liveness, readiness, and metrics of jobs."""

from __future__ import annotations

from typing import Any

from batchbook.health.metrics import TOKEN


def includeme(config: Any) -> None:
    """Add ``/health`` and ``/ready``, and ``/metrics`` if the settings have a token for it."""
    config.add_route("health", "/health")
    config.add_route("ready", "/ready")
    config.include("batchbook.health.readiness")
    if TOKEN.text(config.registry.settings):
        config.add_route("metrics", "/metrics")
        config.include("batchbook.health.metrics")
