"""Taking what was changed in a worksheet into its batch: one operation, with its cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from batchbook.batches.editing import ManyEditor
from batchbook.batches.editing.touched import all_or_nothing
from batchbook.batches.engine import Engine
from batchbook.batches.work import Work
from batchbook.batches.worksheets.comparing import Comparison, SheetChange
from batchbook.batches.worksheets.label import last_operation
from batchbook.errors import Conflict
from batchbook.words import counted

#: The kind of the operations that worksheets make.
KIND = "worksheet"


@dataclass(frozen=True)
class Applied:
    """What was taken from a worksheet: how many cells of how many rows, and how many changed cells were left."""

    rows: int
    cells: int
    left: int

    @property
    def summary(self) -> str:
        """A sentence that says it."""
        if not self.cells:
            return "Nothing was taken from the worksheet."
        left = counted(self.left, "other changed cell was", "other changed cells were")
        rest = f" {left} not taken." if self.left else ""
        return f"Took {counted(self.cells, 'cell')} in {counted(self.rows, 'row')} from the worksheet.{rest}"


def apply_worksheet(
    engine: Engine, batch_id: int, found: Comparison, insisted: Collection[str] = (), seen: int | None = None
) -> Applied:
    """Store what was ``found`` to be changed in a worksheet, and of the conflicts those with a mark in ``insisted``.

    ``seen`` is the last operation of the batch that the person looked at. Raises ``Conflict`` if there is another one
    by now, or since the worksheet was compared, and otherwise as editors do.
    """
    with all_or_nothing(engine, batch_id) as work:
        for operation in (found.operation, found.operation if seen is None else seen):
            refuse_unseen(work, operation)
        wanted = [*found.taken, *(change for change in found.conflicts if change.mark in insisted)]
        summary = f"Took {counted(len(wanted), 'cell')} from the worksheet “{found.name}”."
        edited = ManyEditor(engine).edit(batch_id, _by_row(wanted), KIND, summary)
        left = len(found.taken) + len(found.conflicts) + len(found.unreadable) - len(wanted)
        return Applied(edited.rows, edited.cells, left)


def refuse_unseen(work: Work, seen: int) -> None:
    """Raise ``Conflict`` if ``seen`` is not the last operation of the batch any more."""
    if seen != last_operation(work):
        raise Conflict(
            f"Nothing was taken from the worksheet, because {work.batch} was changed since you looked at the differences."
            " Look at them again, then decide."
        )


def _by_row(changes: Iterable[SheetChange]) -> dict[int, dict[str, str]]:
    texts: dict[int, dict[str, str]] = {}
    for change in changes:
        texts.setdefault(change.sequence, {})[change.field] = change.text
    return texts
