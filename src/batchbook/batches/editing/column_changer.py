"""The editor that changes columns of the rows that a condition selects by a rule, with a preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select

from batchbook.batches.concurrency import Token, refuse_changed
from batchbook.batches.editing.bulk import BulkEditor, BulkEditResult
from batchbook.batches.editing.cell_blocks import exceptions_of
from batchbook.batches.editing.cell_review import CellReview
from batchbook.batches.editing.change_rules import ColumnChange, changeable
from batchbook.batches.editing.field_changes import Change
from batchbook.batches.editing.removal import Selection
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.rows.scope import RowProxy
from batchbook.errors import Conflict
from batchbook.grid import Column, to_text
from batchbook.words import counted

#: The kind of the operations.
CHANGE = "change"
#: The most rows that a preview looks at, and the examples that it has.
MOST_PREVIEWED, EXAMPLES = 20_000, 12


@dataclass(frozen=True)
class Example:
    """A cell that would change: its row's sequence, its column, and its canonical texts before and after."""

    sequence: int
    column: Column
    before: str
    after: str


@dataclass
class ChangePreview:
    """The effect that a change would have on the rows ``seen``, of which the first ``looked`` were examined.

    ``rows`` and ``cells`` would change, of which ``examples`` are the first; ``review`` has the cells that would be refused.
    """

    seen: Selection
    review: CellReview
    looked: int = 0
    rows: int = 0
    cells: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether all rows were examined."""
        return self.looked >= self.seen.count

    def note(self, row: RowProxy, changes: Sequence[Change]) -> None:
        """Count the ``changes`` of ``row``."""
        self.looked += 1
        self.rows += bool(changes)
        self.cells += len(changes)
        for change in changes[: max(EXAMPLES - len(self.examples), 0)]:
            after = to_text(change.column, change.value)
            self.examples.append(Example(row.sequence, change.column, change.old, after))


class ColumnChanger:
    """The editor of whole columns in the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def preview(
        self, context: ActionContext, condition: ColumnElement[bool], change: ColumnChange
    ) -> ChangePreview:
        """Return the effect of ``change`` on the rows that satisfy ``condition``; raise ``BadInput`` if it cannot be made."""
        review = CellReview.of(context, {}, change.conventions_of_texts)
        found = ChangePreview(Selection.of(context, condition), review)
        rows = context.rows().narrowed(condition)
        statement = select(rows.table).where(rows.where).order_by(context.row.sequence).limit(MOST_PREVIEWED)
        with change.applied_to(context.row, context.access) as texts_of:
            for values in context.session.execute(statement).mappings():
                row = RowProxy(values)
                found.note(row, found.review.changes(row, texts_of(row)))
        return found

    def store(
        self,
        batch_id: int,
        condition: ColumnElement[bool],
        change: ColumnChange,
        seen: Token | None = None,
        *,
        timed: bool = True,
    ) -> str:
        """Make ``change`` in the rows that satisfy ``condition``, as one operation; return a sentence on it.

        Raises ``Conflict`` if the rows differ from those that were ``seen``, if given, and ``BadInput`` if the change cannot
        be made; nothing is stored then. Cells whose new text cannot be stored are left as they are.
        """
        found = self.engine.context_of(self.engine.find(batch_id))
        labels = ", ".join(column.label for column in changeable(found.row, change, found.access))
        words = change.canonical().words

        def summary(edited: BulkEditResult) -> str:
            return f"Changed {labels} in {counted(edited.rows, 'row')}: {words}."

        def chosen(context: ActionContext) -> Sequence[int]:
            demand_seen(context, condition, seen)
            row = context.row
            where = (row.batch_id == context.batch.id, ~row.removed, condition)
            return context.session.scalars(select(row.sequence).where(*where).order_by(row.sequence)).all()

        with change.applied_to(found.row, found.access, timed=timed) as texts_of:
            edited, review = BulkEditor(self.engine).edit_where(
                batch_id, chosen, texts_of, CHANGE, summary, change.conventions_of_texts
            )
        told = (
            summary(edited) if edited.cells else "Nothing was changed: the cells have these values already."
        )
        return " ".join([told, *exceptions_of(review)])


def demand_seen(context: ActionContext, condition: ColumnElement[bool], seen: Token | None) -> None:
    """Raise ``Conflict`` if no row satisfies ``condition``, or the rows differ from those that were ``seen``, if given."""
    now = Selection.of(context, condition)
    if not now.count:
        raise Conflict("No rows match the filters any more, so nothing was changed.")
    refuse_changed(
        seen,
        now.token,
        f"Nothing was changed: {counted(now.count, 'row matches', 'rows match')} now, and they are not the rows that you"
        " were shown. Go back, check them, then decide.",
    )
