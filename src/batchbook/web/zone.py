"""In which time zone a person sees moments: ``request.zone``."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from batchbook.web.request import Request
from batchbook.web.settings import WebSettings
from batchbook.zones import zone_called


def zone_of(request: Request) -> ZoneInfo:
    """Return the zone that who asks has chosen; the site's for everybody else, and for a zone that is gone."""
    site: ZoneInfo = request.services.get(WebSettings).timezone
    identity = request.identity
    chosen = identity.timezone if identity else None
    return (zone_called(chosen) if chosen else None) or site


def includeme(config: Any) -> None:
    """Add ``request.zone``."""
    config.add_request_method(zone_of, "zone", reify=True)
