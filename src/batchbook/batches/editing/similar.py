"""One correction for all cells of a batch that have the same problem and hold the same text."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchbook.batches.concurrency import Token, refuse_changed
from batchbook.batches.editing.bulk import BulkEditor, BulkEditResult
from batchbook.batches.editing.fields import columns_named, parsed
from batchbook.batches.editing.problems import LONGEST, problem_cells
from batchbook.batches.editing.refresh import all_or_nothing
from batchbook.batches.editing.removal import Selection
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.rows.issues import Issue
from batchbook.errors import Conflict
from batchbook.words import counted

#: How much of a text a sentence quotes.
_QUOTED = 60


@dataclass(frozen=True)
class SimilarCells:
    """Which cells: those of ``field`` that hold ``text`` and have a problem with this ``code``; "" for any."""

    field: str
    text: str
    code: str = ""

    def fits(self, code: str, text: str) -> bool:
        """Return whether it means a cell of its field that holds ``text`` and has a problem with ``code``."""
        return text == self.text and self.code in ("", code)


@dataclass
class Found:
    """The rows whose cells are meant: their versions by number; ``issue`` is what is wrong in the first of them."""

    versions: dict[int, int] = field(default_factory=dict)
    issue: Issue | None = None

    @property
    def selection(self) -> Selection:
        """Which they are, in three numbers that change when other rows do, or when one is edited."""
        return Selection(len(self.versions), sum(self.versions), sum(self.versions.values()))


def find_similar(work: ActionContext, alike: SimilarCells) -> Found:
    """Return the rows in which ``alike`` means a cell, those that are not removed."""
    found = Found()
    if len(alike.text) <= LONGEST:
        for cell in problem_cells(work, alike.field):
            if alike.fits(cell.issue["code"], cell.text):
                found.versions[cell.sequence] = cell.version
                found.issue = found.issue or cell.issue
    return found


def check_fix(work: ActionContext, alike: SimilarCells, text: str) -> None:
    """Raise ``BadInput`` where people may not edit the field, or ``text`` cannot be stored there."""
    parsed(columns_named(work.row, {alike.field: text}), {alike.field: text})


class SimilarFixer:
    """Fixes cells alike in the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def fix(self, batch_id: int, alike: SimilarCells, text: str, seen: Token | None = None) -> BulkEditResult:
        """Put ``text`` into all cells that ``alike`` means, as one operation; return how much changed.

        Raises ``Conflict`` if there are none, or not those that were ``seen``, where that is given; and as
        :meth:`BulkEditor.edit` does. Nothing is stored then.
        """
        with all_or_nothing(self.engine, batch_id) as work:
            check_fix(work, alike, text)
            found = self.demand_seen(work, alike, seen)
            wanted = {alike.field: text}
            texts = dict.fromkeys(found.versions, wanted)
            summary = self._summary(work, alike, text, len(texts))
            return BulkEditor(self.engine).edit(batch_id, texts, "fix", summary, found.versions)

    def demand_seen(self, work: ActionContext, alike: SimilarCells, seen: Token | None) -> Found:
        """Return the rows that ``alike`` means; raise as :meth:`fix` does if they are not to be changed."""
        found = find_similar(work, alike)
        now = found.selection
        if not now.count:
            raise Conflict("No cell has this problem and this text any more, so nothing was changed.")
        refuse_changed(
            seen,
            now.token,
            f"Nothing was changed: {counted(now.count, 'row has', 'rows have')} such a cell now, and they are not"
            " what you were shown. Go back, look at them again, then decide.",
        )
        return found

    def _summary(self, work: ActionContext, alike: SimilarCells, text: str, count: int) -> str:
        (column,) = columns_named(work.row, {alike.field: text})
        return f"Fixed {column.label} in {counted(count, 'row')} alike: {quoted(alike.text)} is now {quoted(text)}."


def fixed_message(edited: BulkEditResult) -> str:
    """Return the sentence that says how much was changed."""
    if not edited.cells:
        return "Nothing was changed: that is what is there already."
    return f"Changed {counted(edited.cells, 'cell')} in {counted(edited.rows, 'row')}."


def quoted(text: str) -> str:
    """Return ``text`` as sentences quote it, cut if it is long; an empty one is called so."""
    if not text:
        return "empty"
    return f"“{text[:_QUOTED]}…”" if len(text) > _QUOTED else f"“{text}”"
