"""Statuses: enums whose members carry a label, a severity and a sign."""

from __future__ import annotations

from collections.abc import Iterable
from enum import EnumType, StrEnum
from typing import TYPE_CHECKING, Any, Self, TypeVar


class Severity(StrEnum):
    """The attention that a status or issue needs; pages show it as a colour."""

    NEUTRAL = "neutral"
    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_Member = TypeVar("_Member")


class _StatusType(EnumType):
    """The metaclass of status enums, which copies the members of those that a new one ``extends`` into it.

    Enums with members cannot be subclassed, because a member of the subclass would be none of the base.
    """

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], **options: Any) -> Any:  # type: ignore[override]
        """Return the namespace of the class ``name`` with the members of the enums that it ``extends``, one or several."""
        extends = options.pop("extends", ())
        members = super().__prepare__(name, bases, **options)
        for status in _extended(name, extends):
            declared = (status.value, status.label, status.severity, status.sign)
            if members.get(status.name) != declared:  # Two may extend the same one.
                members[status.name] = declared
        return members

    def __new__(cls, name: str, bases: tuple[type, ...], members: Any, **options: Any) -> Any:
        """Make the class; what it ``extends`` is among its ``members`` already."""
        options.pop("extends", None)
        return super().__new__(cls, name, bases, members, **options)

    if TYPE_CHECKING:  # Members that come from extended enums, which type checkers cannot know.

        def __getattr__(cls: type[_Member], name: str) -> _Member: ...


def _extended(name: str, extends: Any) -> Iterable[Status]:
    """Return the members of ``extends``, a status enum or several, in order; raise ``TypeError`` for anything else."""
    enums = extends if isinstance(extends, tuple) else (extends,)
    for one in enums:
        if not isinstance(one, _StatusType) or not issubclass(one, Status):
            raise TypeError(
                f"{name} extends {one!r}, which is no enum of statuses: name a subclass of Status, or a tuple of them."
            )
    return [status for one in enums for status in one]


class Status(StrEnum, metaclass=_StatusType):
    """The base of a batch type's status enums. A member is declared as ``(value, label, severity, sign)``::

        class CountStatus(Status):
            MATCHES = "matches", "Matches", Severity.SUCCESS, "="
            DIFFERS = "differs", "Differs", Severity.WARNING, "≠"

    ``value`` is stored; ``label`` and ``sign`` are shown, the sign for users who cannot tell the colours apart.

    With ``extends=``, an enum begins with the members of another one, or of each of a tuple; its own follow them. Python
    raises ``TypeError`` for a member that is declared twice::

        class ShelfStatus(Status, extends=LookupStatus):
            EMPTY = "empty", "Empty", Severity.WARNING, "0"
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


class LookupStatus(Status):
    """Statuses of rows that name a record, such as a product: the enums of most types extend it."""

    NOT_FOUND = "not_found", "Not in catalogue", Severity.WARNING, "?"


class UpdateStatus(Status):
    """Statuses of rows whose execution sets attributes of the record that they name, as a ``RecordUpdate`` gives them."""

    READY = "ready", "Ready", Severity.SUCCESS, "●"
    UNCHANGED = "unchanged", "Unchanged", Severity.NEUTRAL, "="
    EMPTY = "empty", "No new value", Severity.WARNING, "○"
    DUPLICATE = "duplicate", "Duplicate", Severity.ERROR, "≡"
