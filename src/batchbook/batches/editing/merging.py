"""Values of a column replaced by others in all rows that have them, such as spellings by the right one, as one operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from batchbook.batches.concurrency import Token, refuse_changed
from batchbook.batches.editing.bulk import BulkEditor, BulkEditResult
from batchbook.batches.editing.field_changes import columns_named, parsed
from batchbook.batches.editing.problems import quoted
from batchbook.batches.editing.removal import Selection
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.errors import BadInput, Conflict
from batchbook.words import counted

#: The most values that are replaced at once.
MOST_VALUES = 2_000
#: The number of values that the summary quotes.
_QUOTED_VALUES = 3


@dataclass(frozen=True)
class Replacements:
    """The values of ``field`` to replace, each with the text that takes its place."""

    field: str
    by_value: Mapping[str, str]

    def check(self, context: ActionContext) -> None:
        """Raise ``BadInput`` if there are none or too many, if the field is not editable, or if a text can't be stored there."""
        if not self.by_value:
            raise BadInput("No values were chosen, so nothing was changed.")
        if len(self.by_value) > MOST_VALUES:
            raise BadInput(
                f"These are {len(self.by_value):,} values, and {MOST_VALUES:,} can be replaced at once. Choose fewer groups."
            )
        for text in dict.fromkeys(self.by_value.values()):
            parsed(columns_named(context.row, {self.field: text}, context.access), {self.field: text})

    def among(self, context: ActionContext, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the condition for the rows that satisfy ``condition`` and have one of the values."""
        return and_(condition, getattr(context.row, self.field).in_(list(self.by_value)))


class ValueMerger:
    """The editor that replaces values in the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def merge(
        self,
        batch_id: int,
        condition: ColumnElement[bool],
        replacements: Replacements,
        seen: Token | None = None,
    ) -> BulkEditResult:
        """Replace the values in the rows that satisfy ``condition`` and are not removed; return the numbers of changes.

        Raises as :meth:`demand_seen` and :meth:`BulkEditor.edit` do. Nothing is stored then.
        """
        with self.engine.editing(batch_id) as context:
            now = self.demand_seen(context, condition, replacements, seen)
            row: Any = context.row
            field = replacements.field
            found = context.session.execute(
                select(row.sequence, row.version, getattr(row, field)).where(
                    row.batch_id == context.batch.id, ~row.removed, replacements.among(context, condition)
                )
            )
            texts, versions = {}, {}
            for sequence, version, value in found:
                texts[sequence] = {field: replacements.by_value[value]}
                versions[sequence] = version
            summary = _summary(context, replacements, now.count)
            return BulkEditor(self.engine).edit(batch_id, texts, "merge", summary, versions)

    def demand_seen(
        self,
        context: ActionContext,
        condition: ColumnElement[bool],
        replacements: Replacements,
        seen: Token | None,
    ) -> Selection:
        """Return the rows that :meth:`merge` would change.

        Raises ``Conflict`` if there are none or if they differ from those that were ``seen``, and as
        :meth:`Replacements.check` does.
        """
        replacements.check(context)
        now = Selection.of(context, replacements.among(context, condition))
        if not now.count:
            raise Conflict("No row has one of these values any more, so nothing was changed.")
        refuse_changed(
            seen,
            now.token,
            f"Nothing was changed: {counted(now.count, 'row has', 'rows have')} one of these values now, and they are not"
            " the rows that you were shown. Go back, check them, then decide.",
        )
        return now


def _summary(context: ActionContext, replacements: Replacements, rows: int) -> str:
    (column,) = columns_named(context.row, {replacements.field: ""}, context.access)
    values = list(replacements.by_value.items())
    shown = ", ".join(f"{quoted(value)} is now {quoted(text)}" for value, text in values[:_QUOTED_VALUES])
    more = len(values) - _QUOTED_VALUES
    others = f" and {counted(more, 'other value')}" if more > 0 else ""
    return f"Merged values of {column.label} in {counted(rows, 'row')}: {shown}{others}."
