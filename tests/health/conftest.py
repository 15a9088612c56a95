from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import batchbook


@pytest.fixture
def app(settings: dict[str, str]) -> Iterator[Any]:
    """The whole application, started for this test alone: what watches a database belongs to that one."""
    application = batchbook.main({}, **settings)
    yield application
    application.registry["engine"].dispose()
    application.registry["jobs"].close()
