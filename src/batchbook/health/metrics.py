"""``/metrics``: how the jobs are, for Prometheus. Everything comes from the database, so that any web process tells it."""

from __future__ import annotations

import hmac
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Engine

from batchbook.health.collector import JobCollector
from batchbook.jobs.office import Jobs
from batchbook.services import Services, services_of
from batchbook.settings import Setting

TOKEN = Setting(
    "batchbook.metrics_token",
    "",
    "What Prometheus must send as a bearer token to read /metrics. Without it there is no such page.",
)

SETTINGS = (TOKEN,)


class Metrics:
    """The page, for those who know the ``token``."""

    def __init__(self, services: Services, token: str) -> None:
        self._token = token.encode()
        # One of its own, because a process may have more than one application.
        self._collected = CollectorRegistry()
        self._collected.register(JobCollector(services.get(Engine), services.get(Jobs)))

    def __call__(self, request: Any) -> Response:
        """Answer 401 to those who do not know the token."""
        if not self._knows_token(request):
            headers = {"WWW-Authenticate": "Bearer"}
            return Response(
                "The token is missing or wrong.\n", 401, content_type="text/plain", headers=headers
            )
        response = Response(generate_latest(self._collected))
        response.headers["Content-Type"] = CONTENT_TYPE_LATEST
        return response

    def _knows_token(self, request: Any) -> bool:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        # A header is text in Latin-1, whatever its bytes meant.
        given = token.strip().encode("latin-1", "replace")
        return kind.lower() == "bearer" and hmac.compare_digest(given, self._token)


def includeme(config: Any) -> None:
    """Register the page, if there is a token."""
    if token := TOKEN.text(config.registry.settings):
        config.add_route("metrics", "/metrics")
        view = Metrics(services_of(config.registry), token)
        config.add_view(view, route_name="metrics", request_method="GET", permission=NO_PERMISSION_REQUIRED)
