"""Batches whose jobs wait until a test runs them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functional.harness import CatalogueDatabase
from tests.jobs.harness import JobHarness

from batchbook.services import services_of


@pytest.fixture
def harness(app: Any, catalogue: CatalogueDatabase) -> JobHarness:
    """Price changes and their jobs in the shared application, for modules whose settings have jobs wait."""
    harness = JobHarness(services_of(app.registry), catalogue)
    harness.jobs.store.prepare()
    return harness
