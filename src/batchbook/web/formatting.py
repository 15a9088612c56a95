"""Formatting of values for pages: numbers, sizes, times, and the cells of grids."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape
from pyramid.threadlocal import get_current_request

from batchbook.grid import Column, Kind
from batchbook.grid.cells import not_readable, renderer_for


def number(value: Decimal | float | None) -> str:
    """Return ``value`` with grouped thousands, such as ``1,234``; empty for ``None``."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, (int, float, Decimal)) else not_readable(value)


def bytesize(value: int | None) -> str:
    """Return a number of bytes in decimal units with at most one decimal place, such as ``1.5 MB``."""
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


def moment_filter(zone: ZoneInfo) -> Callable[..., str]:
    """Return the filter that shows a moment (aware, as stored in UTC) to the minute, or with ``seconds``, as ``<time>``.

    The time zone is that of the request's user, or ``zone``, the site's, outside a request.
    """

    def moment(value: datetime | None, *, seconds: bool = False) -> str:
        if not isinstance(value, datetime):
            return "" if value is None else not_readable(value)
        # Macros do not have the request, and every page would have to pass it to each of them.
        request = get_current_request()
        return moment_html(value, zone if request is None else request.zone, seconds=seconds)

    return moment


def moment_html(moment: datetime, zone: tzinfo, *, seconds: bool = False) -> Markup:
    """Return an aware ``moment`` in ``zone``, as ``<time>`` with seconds in its title, and in its text where order matters."""
    machine = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    local = moment.astimezone(zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        machine,
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
        f"{local:%Y-%m-%d %H:%M:%S}" if seconds else f"{local:%Y-%m-%d %H:%M}",
    )


_ROW_NAMED = re.compile(r"\b([Rr]ow )([1-9][0-9]{0,9})\b")


def link_rows(sentence: str, url: str) -> Markup:
    """Return ``sentence`` with a link at each row that it names by its number; ``url`` is the address of row 0."""
    start = escape(url.removesuffix("0"))
    parts = _ROW_NAMED.split(sentence)
    # The texts between rows, the words before numbers, and the numbers follow each other.
    linked = [
        Markup('{}<a href="{}{}">{}</a>').format(row, start, number, number) + rest
        for row, number, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    ]
    return Markup("").join([escape(parts[0]), *linked])


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
    """Return the character to show beside a word: its own ``sign``, or else that of its ``severity``."""
    return sign or _SIGNS.get(severity, _DASH)


def status_chip(choice: Any) -> Markup:
    """Return a chip with colour, sign and word for ``choice``, a ``Choice`` of a grid or a member of a ``Status``."""
    return Markup(
        '<span class="status status-{}"><span class="status-sign" aria-hidden="true">{}</span>{}</span>'
    ).format(choice.severity or "neutral", severity_sign(choice.severity, choice.sign or ""), choice.label)


def value_writer(column: Column, zone: tzinfo) -> Callable[[Any], Markup]:
    """Return the function that renders a value of ``column`` as markup, with times in ``zone``.

    It is made once for a column and then cheap for every cell. Choices with a severity are chips, others words; a
    boolean is a sign with its word; an empty value is a dash. Every other value, readable or not, is the escaped text of :func:`batchbook.grid.render`.
    """
    write_filled = _filled_writer(column, zone)
    return lambda value: EMPTY if value is None or value == "" else write_filled(value)


def value_html_filter(site_zone: tzinfo) -> Callable[[Column, Any], Markup]:
    """Return the filter that renders one value of a column, in the user's time zone, or ``site_zone`` outside a request."""

    def value_html(column: Column, value: Any) -> Markup:
        request = get_current_request()
        return value_writer(column, site_zone if request is None else request.zone)(value)

    return value_html


def _filled_writer(column: Column, zone: tzinfo) -> Callable[[Any], Markup]:
    render = renderer_for(column)
    match column.kind:
        case Kind.DATETIME:
            return lambda moment: (
                moment_html(moment, zone, seconds=column.seconds)
                if isinstance(moment, datetime)
                else escape(not_readable(moment))
            )
        case Kind.BOOLEAN:
            return lambda value: _BOOLEANS[bool(value)] if value in (True, False) else escape(render(value))
        case Kind.CHOICE:
            words = [
                (
                    choice.value,
                    status_chip(choice) if choice.severity or choice.sign else escape(choice.label),
                )
                for choice in column.choices
            ]
            return lambda value: (
                next((word for known, word in words if known == value), None) or escape(render(value))
            )
        case _:
            return lambda value: escape(render(value))
