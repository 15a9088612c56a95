from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.functional.harness import CatalogueDatabase

from batchbook.jobs.worker import Worker

from .harness import JobHarness, opened


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """The application's settings: jobs wait until somebody runs them."""
    return settings | {
        "batchbook.jobs": "workers",
        "batchbook.jobs.poll_seconds": "0.05",
        "batchbook.jobs.dead_seconds": "0.5",
    }


@pytest.fixture
def harness(settings: dict[str, str], catalogue: CatalogueDatabase) -> Iterator[JobHarness]:
    """Price changes in the shop."""
    with opened(settings, catalogue) as harness:
        yield harness


@pytest.fixture
def start_worker(harness: JobHarness) -> Iterator[Callable[..., Worker]]:
    """Starts a worker, which is stopped after the test; there is one in a process at a time."""
    workers: list[Worker] = []

    def start(**options: Any) -> Worker:
        workers.append(Worker(harness.services, **options))
        workers[-1].start()
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop(0)
