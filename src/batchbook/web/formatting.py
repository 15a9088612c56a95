"""Numbers, sizes and moments as pages write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from markupsafe import Markup
from pyramid.threadlocal import get_current_request

from batchbook.grid.cells import not_readable


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
