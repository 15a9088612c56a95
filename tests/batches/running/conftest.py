"""The tests of this folder act on price changes, whose jobs wait until a test runs them."""

from __future__ import annotations

from tests.jobs.conftest import harness, settings, start_worker

__all__ = ["harness", "settings", "start_worker"]
