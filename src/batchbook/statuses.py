"""Statuses: enums whose members carry a label, a severity and a sign."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Severity(StrEnum):
    """The attention that a status or issue needs; pages show it as a colour."""

    NEUTRAL = "neutral"
    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Status(StrEnum):
    """The base of a batch type's status enums. A member is declared as ``(value, label, severity, sign)``::

        class CountStatus(Status):
            MATCHES = "matches", "Matches", Severity.SUCCESS, "="
            DIFFERS = "differs", "Differs", Severity.WARNING, "≠"

    ``value`` is stored; ``label`` and ``sign`` are shown, the sign for users who cannot tell the colours apart.
    """

    label: str
    severity: Severity
    sign: str

    def __new__(
        cls, value: str, label: str = "", severity: Severity = Severity.NEUTRAL, sign: str = ""
    ) -> Self:
        """Return a member that is the string of its stored value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value.replace("_", " ").capitalize()
        member.severity = severity
        member.sign = sign
        return member
