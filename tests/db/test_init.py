from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import Engine

from batchbook.db import WaitingLimit, include_services
from batchbook.services import services_of


@pytest.mark.parametrize("development", [True, False])
def test_values_are_shown_in_errors_to_developers_only(tmp_path: Path, development: bool) -> None:
    settings = {
        "sqlalchemy.url": f"sqlite:///{tmp_path}/x.sqlite3",
        "batchbook.development": str(development),
    }
    config: Any = Configurator(settings=settings)
    config.include("batchbook.services")
    config.include(include_services)
    services = services_of(config.registry)
    assert services.get(Engine).hide_parameters is not development
    assert services.find(WaitingLimit) is not None
    services.get(Engine).dispose()
