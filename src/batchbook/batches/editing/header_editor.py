"""The editor of a batch's header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from batchbook.batches.concurrency import bump_version
from batchbook.batches.editing.fields import Change, Target, changes_of, columns_named, labels_of
from batchbook.batches.editing.refresh import all_or_nothing
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.grid import to_text


class HeaderEditor:
    """Edits headers of the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def edit(self, batch_id: int, texts: Mapping[str, str], version: int | None = None) -> list[str]:
        """Store ``texts``, by field, in the header; return the labels of the fields that changed.

        Where the type says so, the rows are refreshed. Raises as :meth:`RowEditor.edit` does.
        """
        with all_or_nothing(self.engine, batch_id) as work:
            changes = _changes(work, texts, version)
            if changes:
                _store(work, changes)
                if _decide_about_rows(work, changes):
                    self.engine.refresh_or_refuse(work.batch.id)
            return labels_of(changes)

    def touches(self, batch_id: int, texts: Mapping[str, str], version: int | None = None) -> int:
        """Return how many rows :meth:`edit` would refresh; raise as it does where it would store nothing."""
        work = self.engine.work_on(self.engine.find(batch_id))
        changes = _changes(work, texts, version)
        return work.batch.row_count if _decide_about_rows(work, changes) else 0


def _changes(work: ActionContext, texts: Mapping[str, str], version: int | None) -> list[Change]:
    batch = work.batch
    columns = columns_named(work.batch_type.header, texts)
    shown = {column.name: to_text(column, getattr(batch, column.name)) for column in columns}
    return changes_of(Target(str(batch), batch.version, shown), columns, texts, version)


def _decide_about_rows(work: ActionContext, changes: Sequence[Change]) -> bool:
    return not {change.column.name for change in changes}.isdisjoint(work.handler.refresh_after)


def _store(work: ActionContext, changes: Sequence[Change]) -> None:
    for change in changes:
        setattr(work.batch, change.column.name, change.value)
    bump_version(work.batch)
    names = ", ".join(labels_of(changes))
    work.record("edit", f"Changed {names} in the header.", [change.cell(0) for change in changes])
