"""Permissions: names in segments, such as ``products:edit`` or ``batch:price_change:execute``."""

from __future__ import annotations

from collections.abc import Iterable, Set

#: A permission that everybody who is signed in has; it is never stored.
SIGNED_IN = "signed-in"

_ANY = "*"


def grants(permissions: Set[str], wanted: str) -> bool:
    """Return whether one of the held ``permissions`` covers ``wanted``.

    A held ``*`` stands for exactly one whole segment: ``batch:*:execute`` covers ``batch:price_change:execute``,
    neither ``batch:execute`` nor ``batch:a:b:execute``. A ``*`` in ``wanted`` is nothing special.
    """
    return wanted in permissions or any(_covers(held, wanted) for held in permissions if _ANY in held)


def grants_any(permissions: Set[str], wanted: Iterable[str]) -> bool:
    """Return whether ``permissions`` cover at least one of ``wanted``."""
    return any(grants(permissions, one) for one in wanted)


def _covers(held: str, wanted: str) -> bool:
    held_segments, segments = held.split(":"), wanted.split(":")
    return (
        len(held_segments) == len(segments)
        and all(segments)
        and all(own in (_ANY, one) for own, one in zip(held_segments, segments, strict=True))
    )
