"""How pages write numbers, sizes and moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from markupsafe import Markup


def number(value: Decimal | float | None) -> str:
    """Return ``value`` with its thousands grouped, ``1,234``; empty for ``None``."""
    return "" if value is None else f"{value:,}"


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
    """Return the filter that shows a moment (aware, as stored in UTC) to the minute in ``zone``, as ``<time>``."""

    def moment(value: datetime | None) -> str:
        if value is None:
            return ""
        machine = value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        local = value.astimezone(zone)
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            machine, f"{local:%Y-%m-%d %H:%M:%S %Z}", f"{local:%Y-%m-%d %H:%M}"
        )

    return moment
