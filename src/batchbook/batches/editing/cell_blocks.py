"""Blocks of texts for the cells of many rows, as people paste, fill, cut and clear them, and sentences on the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from batchbook.batches.editing.bulk import BulkEditor, BulkEditResult, CellEdits, Texts
from batchbook.batches.editing.cell_review import CellReview
from batchbook.batches.engine.engine import Engine
from batchbook.grid import CANONICAL, Conventions
from batchbook.words import counted


class BlockKind(StrEnum):
    """The action of a person on a block; the value is the kind of the operation in the history."""

    PASTE = "paste"
    FILL = "fill"
    CLEAR = "clear"
    CUT = "cut"
    EDIT = "edit"

    @property
    def done(self) -> str:
        """The participle, at the beginning of a sentence."""
        return _DONE[self]


_DONE = {
    BlockKind.PASTE: "Pasted",
    BlockKind.FILL: "Filled",
    BlockKind.CLEAR: "Cleared",
    BlockKind.CUT: "Cut",
    BlockKind.EDIT: "Changed",
}


@dataclass(frozen=True)
class CellBlock:
    """Texts for the fields ``columns`` of some rows, line by line; they repeat where there are fewer than cells.

    A line that is shorter than the longest one leaves the cells at its end as they are.
    """

    columns: Sequence[str]
    texts: Sequence[Sequence[str]]

    def lines(self, count: int) -> Iterator[Mapping[str, str]]:
        """Yield the texts by field for ``count`` rows."""
        width = max(map(len, self.texts))
        lines = [
            {
                name: line[place % width]
                for place, name in enumerate(self.columns)
                if place % width < len(line)
            }
            for line in self.texts
        ]
        for number in range(count):
            yield lines[number % len(lines)]

    def edits(
        self, sequences: Sequence[int], seen: Texts, add: int = 0, conventions: Conventions = CANONICAL
    ) -> CellEdits:
        """Return the edits of the rows with the numbers ``sequences``, in this order, and of ``add`` rows beyond them.

        Numbers in the texts, those that were ``seen`` too, are written by the ``conventions``.
        """
        lines = list(self.lines(len(sequences) + add))
        texts = dict(zip(sequences, lines, strict=False))
        return CellEdits(texts, seen, lines[len(sequences) :], conventions)


@dataclass(frozen=True)
class BlockResult:
    """The result of storing a block: the numbers of changes, the review of the other cells, and a sentence on both."""

    edited: BulkEditResult
    review: CellReview
    message: str


def store_block(engine: Engine, batch_id: int, edits: CellEdits, kind: BlockKind) -> BlockResult:
    """Store what can be stored of a block's ``edits`` as one operation; raises as :meth:`BulkEditor.edit_cells` does."""
    edited, review = BulkEditor(engine).edit_cells(batch_id, edits, kind.value, summary_of(kind))
    told = summary_of(kind)(edited) if edited.cells else "Nothing was changed."
    return BlockResult(edited, review, " ".join([told, *exceptions_of(review)]))


def summary_of(kind: BlockKind) -> Callable[[BulkEditResult], str]:
    """Return the function that makes the sentence for the history."""
    return lambda edited: f"{kind.done} {counted(edited.cells, 'cell')} in {counted(edited.rows, 'row')}."


def exceptions_of(review: CellReview) -> Iterator[str]:
    """Yield a sentence for each reason why cells are not as they were sent."""
    if review.refused:
        first = review.refusals[0].error
        cells = counted(review.refused, "cell was", "cells were")
        yield (
            f"{cells} refused: {first}"
            if review.refused == 1
            else f"{cells} refused, the first one because: {first}"
        )
    if review.rounded:
        results = counted(review.rounded, "result was", "results were")
        yield f"{results} rounded to the digits that the column keeps."
    if review.removed:
        yield f"{counted(review.removed, 'removed row was', 'removed rows were')} skipped."
    if review.overtaken:
        cells = counted(review.overtaken, "cell was", "cells were")
        yield f"{cells} left alone, because somebody else has changed what was there."
