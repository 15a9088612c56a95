"""The tests of this folder act on price changes, whose jobs wait until a test runs them."""

from __future__ import annotations

from tests.jobs.conftest import catalogue, harness, settings, start_worker

__all__ = ["catalogue", "harness", "settings", "start_worker"]
