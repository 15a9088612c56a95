"""The web layer shared by all features: request ids, limits, error pages, messages, templates, navigation; its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.exceptions import ConfigurationError

from batchbook.grid.number_formats import NumberFormat
from batchbook.services import services_of
from batchbook.settings import DEVELOPMENT, Setting
from batchbook.zones import zone_of

MAX_UPLOAD_BYTES = Setting(
    "batchbook.max_upload_bytes", "50000000", "The largest size of a form with an uploaded file, in bytes."
)
MAX_FORM_BYTES = Setting(
    "batchbook.max_form_bytes", "5000000", "The largest size of a form or JSON without a file, in bytes."
)
NUMBER_FORMAT = Setting(
    "batchbook.number_format",
    NumberFormat.POINT.value,
    "How numbers are written on pages for users who chose no format of their own: 1,234.56 or 1.234,56 or 1 234,56 or 1'234.56. "
    "Files, commands and addresses always have 1234.56.",
)
ALLOWED_HOSTS = Setting(
    "batchbook.allowed_hosts",
    "",
    "The names under which the site is reached, without port, such as batchbook.example.org; separate several by spaces. A "
    "request for any other host is refused. Without the setting, every name is answered.",
)

SETTINGS = (MAX_UPLOAD_BYTES, MAX_FORM_BYTES, NUMBER_FORMAT, ALLOWED_HOSTS)


@dataclass(frozen=True)
class WebSettings:
    """The values of :data:`SETTINGS`, and whether this is a developer's machine."""

    max_upload_bytes: int
    max_form_bytes: int
    timezone: ZoneInfo
    development: bool
    allowed_hosts: frozenset[str] = frozenset()
    number_format: NumberFormat = NumberFormat.POINT


def read_settings(settings: Mapping[str, Any]) -> WebSettings:
    """Return the settings of the pages; raise ``ConfigurationError`` if one is invalid."""
    return WebSettings(
        max_upload_bytes=MAX_UPLOAD_BYTES.whole(settings),
        max_form_bytes=MAX_FORM_BYTES.whole(settings),
        timezone=zone_of(settings),
        development=DEVELOPMENT.flag(settings),
        allowed_hosts=frozenset(map(_host, ALLOWED_HOSTS.text(settings).split())),
        number_format=_number_format(settings),
    )


def _host(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_.-]+|[0-9a-f.]*:[0-9a-f:.]*:[0-9a-f:.]*", text.lower()):
        raise ConfigurationError(
            f"The setting {ALLOWED_HOSTS.name} has {text!r}, which is not a host's name. Write the name alone, such as"
            " batchbook.example.org, without https:// and port."
        )
    return text.lower()


def _number_format(settings: Mapping[str, Any]) -> NumberFormat:
    name = NUMBER_FORMAT.text(settings)
    found = NumberFormat.called(name)
    if found is None:
        raise ConfigurationError(
            f"The setting {NUMBER_FORMAT.name} is {name!r}, which is no number format. Choose one of"
            f" {', '.join(NumberFormat)}."
        )
    return found


def includeme(config: Any) -> None:
    """Include the parts. Needs ``pyramid_tm``, ``pyramid_retry`` and ``batchbook.security``."""
    include_services(config)
    # Otherwise every request, even for a static file, would load its identity from the database.
    config.registry.settings.setdefault("tm.annotate_user", "false")
    for part in ("request", "limits", "error_pages", "flash", "navigation", "templating"):
        config.include(f"batchbook.web.{part}")


def include_services(config: Any) -> None:
    """Read the settings of the web, some of which commands use as well, such as the time zone."""
    services_of(config.registry).add(WebSettings, read_settings(config.registry.settings))
