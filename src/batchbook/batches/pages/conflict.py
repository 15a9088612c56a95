"""What two people wrote, side by side, for a page."""

from __future__ import annotations

from dataclasses import dataclass

from batchbook.batches.editing import Stale
from batchbook.forms import BoundForm


@dataclass(frozen=True)
class TwoValues:
    """One field of a conflict: what the person on this page wrote, and what somebody else stored meanwhile."""

    label: str
    mine: str
    theirs: str


def conflicts(bound: BoundForm, stale: Stale) -> list[TwoValues]:
    """Return the fields of ``bound`` over which ``stale`` is, in their order."""
    return [
        TwoValues(field.label, stale.mine[field.name], stale.theirs[field.name])
        for field in bound.fields
        if field.name in stale.mine
    ]
