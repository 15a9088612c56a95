"""The services of one application: its engine, its jobs, its batch types and whatever else is made once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry

T = TypeVar("T")

_KEY = "batchbook.services"


class Services:
    """The objects that an application makes once, each found by its class, and the settings they were made from.

    The class is the key, so a type checker knows what :meth:`get` returns, and no lower package has to know what the
    upper ones add. One thread fills it while the application is configured; after that it is only read.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self._services: dict[type, object] = {}

    def add(self, kind: type[T], service: T) -> None:
        """Add ``service``, to be found by ``kind``; a second one of the same kind takes the place of the first."""
        self._services[kind] = service

    def get(self, kind: type[T]) -> T:
        """Return the service of ``kind``; raise ``ConfigurationError`` if the application has none."""
        service = self.find(kind)
        if service is None:
            raise ConfigurationError(
                f"The application has no {kind.__name__}; what adds it was not included."
            )
        return service

    def find(self, kind: type[T]) -> T | None:
        """Return the service of ``kind``, or ``None`` if the application has none."""
        return cast("T | None", self._services.get(kind))


def services_of(registry: Any) -> Services:
    """Return the services of the application whose Pyramid ``registry`` it is."""
    services: Services = registry[_KEY]
    return services


def includeme(config: Any) -> None:
    """Give the application its services, and each request them as ``request.services``."""
    config.registry[_KEY] = services = Services(config.registry.settings)
    services.add(Registry, config.registry)
    config.add_request_method(lambda request: services_of(request.registry), "services", reify=True)
