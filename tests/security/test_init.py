from __future__ import annotations

from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import ISecurityPolicy

from batchbook.security import SecuritySettings, include_services
from batchbook.services import services_of


def _configured(**settings: str) -> Any:
    config: Any = Configurator(settings={f"batchbook.{name}": text for name, text in settings.items()})
    config.include("batchbook.services")
    config.include(include_services)
    return config


def test_commands_read_the_settings_without_the_pages() -> None:
    config = _configured(secret="s" * 32, login_attempts="3")
    assert services_of(config.registry).get(SecuritySettings).login_attempts == 3
    assert config.registry.queryUtility(ISecurityPolicy) is None
    assert not config.introspector.get_category("routes", ())


def test_commands_refuse_what_the_server_refuses() -> None:
    with pytest.raises(ConfigurationError, match="at least 32 random characters"):
        _configured(secret="short")
