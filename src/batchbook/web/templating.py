"""Globals and filters of all templates, and the static files that pages use."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from markupsafe import Markup
from pyramid.csrf import get_csrf_token

from batchbook.security.kept_forms import keep_input
from batchbook.services import services_of
from batchbook.web import WebSettings
from batchbook.web.flash import flash_messages
from batchbook.web.formatting import (
    bytesize,
    link_rows,
    moment_filter,
    number_filters,
    severity_sign,
    status_chip,
    value_html_filter,
)
from batchbook.web.idempotency import idempotency_key_input
from batchbook.web.request import Request
from batchbook.words import noun

# As the documentation of pyramid_jinja2 advises: the environment is made in an action of its own.
_AFTER_ENVIRONMENT = 999

_ONE_YEAR = 365 * 24 * 3600


def csrf_token(request: Request) -> str:
    """Return the token for scripts, to be sent in the header ``X-CSRF-Token``."""
    token: str = get_csrf_token(request)
    return token


def csrf_input(request: Request) -> Markup:
    """Return the hidden field with the token, for every form that is posted."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(csrf_token(request))


def content_version(folder: Traversable) -> str:
    """Return 12 hex digits that change when a file below ``folder`` changes."""
    digest = hashlib.sha256()
    for name, file in sorted(_walk(folder, "")):
        content = file.read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _walk(entry, f"{path}/")
        elif not entry.name.startswith((".", "__")):
            found.append((path, entry))
    return found


def includeme(config: Any) -> None:
    """Set up Jinja2, and serve the static files."""
    config.include("pyramid_jinja2")
    settings = services_of(config.registry).get(WebSettings)
    config.action("batchbook templating", _fill_environment, (config, settings), order=_AFTER_ENVIRONMENT)
    _serve_static_files(config, development=settings.development)


def _fill_environment(config: Any, settings: WebSettings) -> None:
    zone, conventions = settings.timezone, settings.number_format.conventions
    environment = config.get_jinja2_environment()
    environment.globals.update(
        csrf_input=csrf_input,
        csrf_token=csrf_token,
        flash_messages=flash_messages,
        form_key_input=idempotency_key_input,
        keep_input=keep_input,
        severity_sign=severity_sign,
        status_chip=status_chip,
    )
    environment.filters.update(
        bytesize=bytesize,
        link_rows=link_rows,
        moment=moment_filter(zone),
        noun=noun,
        value_html=value_html_filter(zone, conventions),
        **number_filters(conventions),
    )


def _serve_static_files(config: Any, *, development: bool) -> None:
    """Serve ``batchbook:static`` under ``/static/<version>/``, where browsers may keep it for a year.

    The version changes with the content. It is part of the path instead of the query string, so that relative imports
    between modules keep it. In development it stays the same, and browsers keep nothing.
    """
    version = "development" if development else content_version(files("batchbook") / "static")
    config.add_static_view(
        f"static/{version}", "batchbook:static", cache_max_age=None if development else _ONE_YEAR
    )
