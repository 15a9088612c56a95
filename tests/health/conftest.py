from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

import batchbook
from batchbook.jobs.service import JobService
from batchbook.services import services_of


@pytest.fixture
def app(settings: dict[str, str]) -> Iterator[Any]:
    """The whole application, started for this test alone: what watches a database belongs to that one."""
    application = batchbook.main({}, **settings)
    yield application
    services_of(application.registry).get(Engine).dispose()
    services_of(application.registry).get(JobService).close()
