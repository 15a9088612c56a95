"""Globals and filters of every template."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from pyramid.csrf import get_csrf_token

from batchbook.services import services_of
from batchbook.web.cell_markup import severity_sign, status_chip, value_html_filter
from batchbook.web.flash import flash_messages
from batchbook.web.formatting import bytesize, moment_filter, number
from batchbook.web.idempotency import idempotency_key_input
from batchbook.web.request import Request
from batchbook.web.settings import WebSettings
from batchbook.words import counted, noun

# As the documentation of pyramid_jinja2 advises; the environment is made in an action of its own.
_AFTER_ENVIRONMENT = 999


def csrf_token(request: Request) -> str:
    """Return the token that a script sends in the header ``X-CSRF-Token``."""
    token: str = get_csrf_token(request)
    return token


def csrf_input(request: Request) -> Markup:
    """Return the hidden field that every form by POST carries."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(csrf_token(request))


def includeme(config: Any) -> None:
    """Put the globals and filters into the environment of Jinja2, once that exists."""
    config.include("pyramid_jinja2")
    zone = services_of(config.registry).get(WebSettings).timezone

    def install() -> None:
        environment = config.get_jinja2_environment()
        environment.globals.update(
            csrf_input=csrf_input,
            csrf_token=csrf_token,
            flash_messages=flash_messages,
            form_key_input=idempotency_key_input,
            severity_sign=severity_sign,
            status_chip=status_chip,
        )
        environment.filters.update(
            bytesize=bytesize,
            counted=counted,
            moment=moment_filter(zone),
            noun=noun,
            number=number,
            value_html=value_html_filter(zone),
        )

    config.action("batchbook templating", install, order=_AFTER_ENVIRONMENT)
