"""What a person must be asked about a file: warnings of what would be taken wrong without anybody hearing of it."""

from __future__ import annotations

from collections.abc import Sequence

from batchbook.batches.intake.fields import IntakeField
from batchbook.batches.intake.mapping import IntakeMapping
from batchbook.batches.intake.quick import TEXTS
from batchbook.grid import Kind
from batchbook.grid.kinds import NUMERIC_KINDS
from batchbook.statuses import Severity
from batchbook.tables.encoding import GUESSED, ODD_LINES
from batchbook.tables.report import Note

# Each such cell is a problem of its row in any case, so whoever works on the rows hears of it.
_TOLD_BY_ROWS = frozenset({"not-numbers", "not-days", "surplus-cells"})
# What matters only where a column is understood as what the note is about.
_MATTERS_TO = {
    "mixed-decimal-signs": NUMERIC_KINDS,
    "open-decimal-sign": NUMERIC_KINDS,
    "mixed-date-orders": (Kind.DATE,),
    "open-date-order": (Kind.DATE,),
    "short-years": (Kind.DATE,),
    "stripped-zeros": TEXTS,
    "long-numbers": TEXTS,
    "shortened-numbers": TEXTS,
}
_STRIPPED_ZEROS = "stripped-zeros"


def asks_about(note: Note, fields: Sequence[IntakeField], mapping: IntakeMapping) -> bool:
    """Return whether ``note`` warns of something that matters to ``fields``, and about which nothing was said yet."""
    if note.severity not in (Severity.WARNING, Severity.ERROR) or note.code in _TOLD_BY_ROWS:
        return False
    if note.code in (GUESSED, ODD_LINES):
        return not {*mapping.columns.values(), *mapping.carried}.isdisjoint(note.columns)
    if note.column is None:
        return True
    filled = [one for place, one in mapping.placed(fields) if place == note.column]
    if note.code == _STRIPPED_ZEROS:
        filled = [one for one in filled if one.name not in mapping.widths]
    kinds = _MATTERS_TO.get(note.code)
    return any(kinds is None or one.column.kind in kinds for one in filled)
