"""The services of an application: its engine, jobs, batch types, and other objects that are made once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry

T = TypeVar("T")

_KEY = "batchbook.services"


class Services:
    """The objects that an application makes once, found by their class, and the settings that they were made from.

    Since the class is the key, type checkers know what :meth:`get` returns, and lower packages need not know what
    higher ones add. It is filled by one thread while the application is configured, and only read afterwards.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self._services: dict[type, object] = {}

    def add(self, kind: type[T], service: T) -> None:
        """Add ``service`` under the class ``kind``. It replaces one that was added under the same class."""
        self._services[kind] = service

    def get(self, kind: type[T]) -> T:
        """Return the service of ``kind``; raise ``ConfigurationError`` if there is none."""
        service = self.find(kind)
        if service is None:
            raise ConfigurationError(
                f"The application has no {kind.__name__}: the package that adds it was not included."
            )
        return service

    def find(self, kind: type[T]) -> T | None:
        """Return the service of ``kind``, or ``None`` if there is none."""
        return cast("T | None", self._services.get(kind))


def services_of(registry: Any) -> Services:
    """Return the services of the application with this Pyramid ``registry``."""
    services: Services = registry[_KEY]
    return services


def includeme(config: Any) -> None:
    """Add the services to the application, and to each request as ``request.services``."""
    config.registry[_KEY] = services = Services(config.registry.settings)
    services.add(Registry, config.registry)
    config.add_request_method(lambda request: services_of(request.registry), "services", reify=True)
