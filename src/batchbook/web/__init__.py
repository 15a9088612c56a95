"""The web around the features: request ids, limits, error pages, messages, templates, static files, navigation."""

from __future__ import annotations

from typing import Any

from batchbook.services import services_of
from batchbook.web.settings import WebSettings, read_settings


def includeme(config: Any) -> None:
    """Install the parts. Needs ``pyramid_tm``, ``pyramid_retry`` and ``batchbook.security``."""
    include_services(config)
    # Else every request, also one for a static file, would ask the database who is signed in.
    config.registry.settings.setdefault("tm.annotate_user", "false")
    for part in ("request", "limits", "error_pages", "flash", "navigation", "templating", "routes"):
        config.include(f"batchbook.web.{part}")


def include_services(config: Any) -> None:
    """Read the settings of the web, which commands know as well, such as the time zone."""
    services_of(config.registry).add(WebSettings, read_settings(config.registry.settings))
