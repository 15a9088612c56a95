"""Values as pages write them: numbers, sizes, moments, and the cells of a grid as markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape
from pyramid.threadlocal import get_current_request

from batchbook.grid import Choice, Column, Kind
from batchbook.grid.cells import not_readable, renderer_for


def number(value: Decimal | float | None) -> str:
    """Return ``value`` with its thousands grouped, ``1,234``; empty for ``None``."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, (int, float, Decimal)) else not_readable(value)


def bytesize(value: int | None) -> str:
    """Return a number of bytes in decimal units with at most one digit behind the point, ``1.5 MB``."""
    if value is None:
        return ""
    if value < 1000:
        return f"{value} {'byte' if value == 1 else 'bytes'}"
    size = Decimal(value)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if round(size, 1) < 1000:
            return f"{round(size, 1).normalize():,f} {unit}"
    return f"{round(size / 1000, 1).normalize():,f} TB"


def moment_filter(zone: ZoneInfo) -> Callable[[datetime | None], str]:
    """Return the filter that shows a moment (aware, as stored in UTC) to the minute, as ``<time>``.

    It is in the zone of who asks, and in ``zone``, the site's, where nobody does.
    """

    def moment(value: datetime | None) -> str:
        if not isinstance(value, datetime):
            return "" if value is None else not_readable(value)
        # Macros are not given the request, and every page would have to hand it on to each of them.
        request = get_current_request()
        return moment_html(value, zone if request is None else request.zone)

    return moment


def moment_html(moment: datetime, zone: tzinfo) -> Markup:
    """Return an aware ``moment`` to the minute in ``zone``, as ``<time>`` with the seconds in its title."""
    machine = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    local = moment.astimezone(zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        machine, f"{local:%Y-%m-%d %H:%M:%S %Z}", f"{local:%Y-%m-%d %H:%M}"
    )


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
