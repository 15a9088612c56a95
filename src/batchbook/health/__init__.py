"""Endpoints for machines: ``/health`` for liveness, ``/ready`` for readiness, and ``/metrics`` of jobs.

Whoever asks, the answer is the same: a load balancer signs in nowhere.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from pyramid.events import ApplicationCreated
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from batchbook import schema_version
from batchbook.batches import BatchTypes
from batchbook.batches.trigger_check import faults
from batchbook.db.outages import Outage, lacks_space, outage_of
from batchbook.db.transactions import READ_ONLY
from batchbook.errors import Conflict
from batchbook.health.metrics import TOKEN
from batchbook.jobs import JobService
from batchbook.jobs.settings import Mode
from batchbook.services import Services, services_of

log = logging.getLogger(__name__)


class Readiness:
    """The check that an application is ready, with the reasons if it is not."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._types: BatchTypes = services.get(BatchTypes)
        self._jobs: JobService = services.get(JobService)
        self._expected = schema_version.expected(schema_version.plugin_locations(services.settings))

    @property
    def _engine(self) -> Engine:
        """The application's current engine; each test gives the application another one."""
        return self._services.get(Engine)

    def reasons(self) -> Iterator[str]:
        """Yield the reasons why this process should get no requests now, for operators; none of them is secret."""
        try:
            if not schema_version.has_all(self._engine, self._expected):
                yield "The database lacks migrations; “batchbook init” runs them."
            else:
                yield from self._faults()
        except SQLAlchemyError as error:
            log.warning("Not ready, because the database can't be read: %s", error)
            yield (outage_of(error) or Outage.AWAY).reason
        if lacks_space(self._engine):
            yield Outage.FULL.reason
        if damage := self._jobs.store.check():
            yield damage
        worker = self._jobs.worker
        if self._jobs.settings.mode is Mode.EMBEDDED and not (worker and worker.is_alive):
            yield "The threads that run jobs in this process have died. Restart it."

    def refuse_faults(self) -> None:
        """Raise ``Conflict`` if a trigger that protects the database is missing or disabled.

        A database that does not answer is only logged; requests fail until it is available.
        """
        try:
            found = list(self._faults()) if schema_version.has_all(self._engine, self._expected) else []
        except SQLAlchemyError as error:
            log.warning("The triggers of the database were not checked, because it did not answer: %s", error)
            found = []
        finally:
            self._engine.dispose()  # A server that forks now must not share a connection between its processes.
        if found:
            raise Conflict(" ".join([*found, "The application was not started."]))

    def _faults(self) -> Iterator[str]:
        with self._engine.connect().execution_options(**{READ_ONLY: True}) as connection:
            yield from faults(connection, self._types)


def health(_request: Any) -> Response:
    """Answer that the process is running. Nothing else is checked, so that no trouble elsewhere gets it killed."""
    return Response("ok\n", content_type="text/plain")


def ready(request: Any) -> Response:
    """Answer whether the process may get requests: 200, or 503 with the reasons."""
    reasons = list(request.services.get(Readiness).reasons())
    return Response(json_body={"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)


def includeme(config: Any) -> None:
    """Add ``/health`` and ``/ready``, and ``/metrics`` if the settings have a token for it."""
    readiness = Readiness(services_of(config.registry))
    services_of(config.registry).add(Readiness, readiness)
    config.add_subscriber(lambda _event: readiness.refuse_faults(), ApplicationCreated)
    for name, view in (("health", health), ("ready", ready)):
        config.add_route(name, f"/{name}")
        config.add_view(view, route_name=name, request_method="GET", permission=NO_PERMISSION_REQUIRED)
    if TOKEN.text(config.registry.settings):
        config.add_route("metrics", "/metrics")
        config.include("batchbook.health.metrics")
