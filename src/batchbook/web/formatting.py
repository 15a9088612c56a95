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

from batchbook.grid import CANONICAL, Column, Conventions, Kind, shown_text
from batchbook.grid.cells import not_readable, renderer_for
from batchbook.grid.number_formats import format_of, with_signs
from batchbook.words import counted


def number(value: Any, conventions: Conventions = CANONICAL) -> str:
    """Return ``value`` with grouped thousands, such as ``1,234``; empty for ``None``."""
    if value is None:
        return ""
    if not isinstance(value, (int, float, Decimal)):
        return not_readable(value)
    return with_signs(f"{value:,}", conventions)


def number_filters(site: Conventions) -> dict[str, Callable[..., str]]:
    """Return the filters that write numbers as the request's user does, or by ``site``, the site's, outside a request.

    ``number`` writes a number, ``counted`` one with its noun, and ``shown`` the text for editing of a cell
    of a column; ``number_format`` is the name of the format.
    """

    def conventions() -> Conventions:
        # Macros do not have the request, and every page would have to pass it to each of them.
        request = get_current_request()
        found: Conventions = site if request is None else request.conventions
        return found

    def counted_words(count: int, one: str, many: str = "") -> str:
        figures, _, rest = counted(count, one, many).partition(" ")
        return f"{with_signs(figures, conventions())} {rest}"

    return {
        "counted": counted_words,
        "number": lambda value: number(value, conventions()),
        "number_format": lambda conventions: format_of(conventions).value,
        "shown": lambda text, column: shown_text(column, text, conventions()) if text and column else text,
    }


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


def value_writer(
    column: Column, zone: tzinfo, conventions: Conventions = CANONICAL
) -> Callable[[Any], Markup]:
    """Return the function that renders a value of ``column`` as markup, with times in ``zone`` and numbers by ``conventions``.

    It is made once for a column and then cheap for every cell. Choices with a severity are chips, others words; a
    boolean is a sign with its word; an empty value is a dash. Every other value, readable or not, is the escaped text of :func:`batchbook.grid.render`.
    """
    write_filled = _filled_writer(column, zone, conventions)
    return lambda value: EMPTY if value is None or value == "" else write_filled(value)


def value_html_filter(site_zone: tzinfo, site: Conventions) -> Callable[[Column, Any], Markup]:
    """Return the filter that renders one value of a column as the user reads it, or as the ``site`` does outside a request."""

    def value_html(column: Column, value: Any) -> Markup:
        request = get_current_request()
        if request is None:
            return value_writer(column, site_zone, site)(value)
        return value_writer(column, request.zone, request.conventions)(value)

    return value_html


def _filled_writer(column: Column, zone: tzinfo, conventions: Conventions) -> Callable[[Any], Markup]:
    render = renderer_for(column, conventions=conventions)
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
            words = {
                choice.value: status_chip(choice) if choice.severity or choice.sign else escape(choice.label)
                for choice in column.choices
            }
            return lambda value: words.get(value) or escape(render(value))
        case _:
            return lambda value: escape(render(value))
