"""Values of a grid's columns as markup: made ready once for a column, then cheap for every cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from markupsafe import Markup, escape
from pyramid.threadlocal import get_current_request

from batchbook.grid import Choice, Column, Kind
from batchbook.grid.cells import not_readable, renderer_for
from batchbook.web.formatting import moment_html

_DASH = "–"  # noqa: RUF001 - A dash, not a minus: nothing is subtracted.

EMPTY = Markup(
    '<span class="none" aria-hidden="true">{}</span><span class="visually-hidden">empty</span>'
).format(_DASH)

_SIGNS: Mapping[str | None, str] = {"success": "✓", "info": "●", "warning": "!", "error": "✕"}
_BOOLEANS = {
    True: Markup('<span class="yesno yesno-yes"><span aria-hidden="true">✓</span> Yes</span>'),
    False: Markup('<span class="yesno yesno-no"><span aria-hidden="true">{}</span> No</span>').format(_DASH),
}


def severity_sign(severity: str | None, sign: str = "") -> str:
    """Return the character shown beside a word: its own ``sign``, or else the one of its ``severity``."""
    return sign or _SIGNS.get(severity, _DASH)


def status_chip(choice: Any) -> Markup:
    """Return a chip with colour, sign and word: ``choice`` is a grid's ``Choice`` or a member of a ``Status``."""
    return Markup(
        '<span class="status status-{}"><span class="status-sign" aria-hidden="true">{}</span>{}</span>'
    ).format(choice.severity or "neutral", severity_sign(choice.severity, choice.sign or ""), choice.label)


def value_writer(column: Column, zone: tzinfo) -> Callable[[Any], Markup]:
    """Return the function that writes a value of ``column`` as markup, with moments in ``zone``.

    Choices with a severity are chips, others words; a boolean is a sign with its word; an empty value is a dash. Every
    other value, readable or not, is the escaped text of :func:`batchbook.grid.render`.
    """
    write_filled = _filled_writer(column, zone)
    return lambda value: EMPTY if value is None or value == "" else write_filled(value)


def value_html_filter(site_zone: tzinfo) -> Callable[[Column, Any], Markup]:
    """Return the filter of a column that writes one value, in the zone of who asks, or ``site_zone`` where nobody does."""

    def value_html(column: Column, value: Any) -> Markup:
        request = get_current_request()
        return value_writer(column, site_zone if request is None else request.zone)(value)

    return value_html


def _filled_writer(column: Column, zone: tzinfo) -> Callable[[Any], Markup]:
    render = renderer_for(column)
    match column.kind:
        case Kind.DATETIME:
            return lambda moment: (
                moment_html(moment, zone) if isinstance(moment, datetime) else escape(not_readable(moment))
            )
        case Kind.BOOLEAN:
            return lambda value: _BOOLEANS[bool(value)] if value in (True, False) else escape(render(value))
        case Kind.CHOICE:
            words = [(choice.value, _word(choice)) for choice in column.choices]
            return lambda value: (
                next((word for known, word in words if known == value), None) or escape(render(value))
            )
        case _:
            return lambda value: escape(render(value))


def _word(choice: Choice) -> Markup:
    return status_chip(choice) if choice.severity or choice.sign else escape(choice.label)
