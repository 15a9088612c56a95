from __future__ import annotations

from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry
from pyramid.request import Request, apply_request_extensions

from batchbook.services import Services, services_of


class Clock:
    """A service."""


class BetterClock(Clock):
    """Another one, for the same use."""


def test_a_service_is_found_by_the_class_that_it_was_added_for() -> None:
    services = Services({"a": "1"})
    better = BetterClock()
    services.add(Clock, better)
    assert services.get(Clock) is services.find(Clock) is better
    assert services.find(BetterClock) is None
    assert services.settings == {"a": "1"}


def test_the_last_of_a_kind_counts() -> None:
    services, last = Services({}), Clock()
    services.add(Clock, Clock())
    services.add(Clock, last)
    assert services.get(Clock) is last


def test_a_service_that_is_missing_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match="The application has no Clock"):
        Services({}).get(Clock)


def test_each_application_has_services_of_its_own_and_so_has_its_requests() -> None:
    configs: list[Any] = [Configurator(settings={"name": name}) for name in ("one", "two")]
    for config in configs:
        config.include("batchbook.services")
        config.commit()
    one, two = (services_of(config.registry) for config in configs)
    assert (one.settings["name"], two.settings["name"]) == ("one", "two")
    assert one.get(Registry) is configs[0].registry
    one.add(Clock, Clock())
    assert two.find(Clock) is None
    request = Request.blank("/")
    request.registry = configs[1].registry
    apply_request_extensions(request)
    assert request.services is two
