"""Replay of the corrections that people made to an earlier batch of the same source, such as the same vendor's last list.

A correction is a cell that differs from the file in the earlier batch. It is found again by the key of its row and its column, and
fits where the cell has the text that was corrected then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, select
from sqlalchemy.orm import Session

from batchbook.batches.changed_rows import all_differing_cells
from batchbook.batches.concurrency import token_of
from batchbook.batches.editing import BulkEditor, BulkEditResult, editable_by_name
from batchbook.batches.editing.bulk import CellEdits
from batchbook.batches.editing.cell_blocks import exceptions_of
from batchbook.batches.editing.field_changes import READ_ONLY, edited_by_name, text_in
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.models import Batch
from batchbook.db.bulk_writing import chunked
from batchbook.db.number_sets import is_listed
from batchbook.errors import Conflict
from batchbook.grid import Column
from batchbook.words import counted

#: The kind of the operation, and the maximum number of corrections that are replayed.
KIND, MOST = "replay", 10_000
#: The number of rows that are looked up together.
_TOGETHER = 1_000

Key = tuple[str, ...]


@dataclass(frozen=True)
class Correction:
    """A correction of the earlier batch: the key of its row, its column in words, the text in the file and the corrected one."""

    key: Key
    field: str
    label: str
    before: str
    after: str

    @property
    def key_text(self) -> str:
        """The key in words."""
        return ", ".join(self.key)


@dataclass(frozen=True)
class Fitting:
    """A correction that fits the row ``sequence``."""

    correction: Correction
    sequence: int


@dataclass(frozen=True)
class Left:
    """A correction that does not fit, with the reason."""

    correction: Correction
    reason: str


@dataclass
class Replay:
    """What replaying the corrections of the batch ``earlier`` does; ``is_cut`` tells that it has more than :data:`MOST`."""

    earlier: Batch
    fitting: list[Fitting] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    is_cut: bool = False

    @property
    def token(self) -> str:
        """The token of what somebody was shown."""
        return token_of(
            str(self.earlier.id),
            [
                [
                    one.sequence,
                    *one.correction.key,
                    one.correction.field,
                    one.correction.before,
                    one.correction.after,
                ]
                for one in self.fitting
            ],
        )


def earlier_batches(
    engine: Engine, batch: Batch, visible: ColumnElement[bool], limit: int = 10
) -> Sequence[Batch]:
    """Return the earlier batches of the same source as ``batch``: of its type, sender and scope; the newest first.

    There are none for a batch without a sender, or of a type that takes no file or knows no senders.
    """
    source = engine.types[batch.type].handler.file_source
    header: Any = engine.types[batch.type].header
    if not source or not source.sender or not getattr(batch, source.sender):
        return []
    names = [name for name in (source.sender, source.scope) if name]
    same = [getattr(header, name) == getattr(batch, name) for name in names]
    wanted = select(header).where(header.id < batch.id, visible, *same).order_by(header.id.desc())
    found: Sequence[Batch] = engine.session.scalars(wanted.limit(limit)).all()
    return found


def plan_replay(engine: Engine, batch: Batch, earlier: Batch) -> Replay:
    """Return which corrections of ``earlier`` fit ``batch`` as it is now."""
    context = engine.context_of(batch)
    corrections = [*_corrections(engine.context_of(earlier), MOST + 1)]
    replay = Replay(earlier, is_cut=len(corrections) > MOST)
    del corrections[MOST:]
    rows = _rows_by_key(context, {one.key for one in corrections})
    columns = editable_by_name(context.row, context.access)
    for one in corrections:
        places = rows.get(one.key, [])
        column = columns.get(one.field)
        if column is None:
            lacks = one.field not in edited_by_name(context.row, context.access)
            replay.left.append(Left(one, "this batch has no such column" if lacks else READ_ONLY.rstrip(".")))
        elif not places:
            replay.left.append(Left(one, "no row has this key"))
        else:
            _sort_in(replay, one, column, places)
    return replay


def _sort_in(replay: Replay, one: Correction, column: Column, rows: Sequence[RowMapping]) -> None:
    """Put a correction among those of ``replay`` that fit or do not, for each of the ``rows`` with its key."""
    for row in rows:
        text = text_in(column, row[one.field], row["issues"])
        if text == one.before:
            replay.fitting.append(Fitting(one, row["sequence"]))
        elif text != one.after:
            replay.left.append(Left(one, f"row {row['sequence']} has “{text[:60]}”"))


def apply_replay(engine: Engine, batch: Batch, earlier: Batch, token: str | None = None) -> str:
    """Apply the corrections of ``earlier`` that fit ``batch`` as one operation; return a sentence.

    Raises ``Conflict`` if these are others than ``token`` tells, or none.
    """
    replay = plan_replay(engine, batch, earlier)
    if token is not None and token != replay.token:
        raise Conflict(
            "Other corrections fit now than you were shown. Nothing was changed: look at them again."
        )
    if not replay.fitting:
        raise Conflict(f"No correction of {str(earlier).lower()} fits, so nothing was changed.")
    texts: dict[int, dict[str, str]] = {}
    seen: dict[int, dict[str, str]] = {}
    for one in replay.fitting:
        texts.setdefault(one.sequence, {})[one.correction.field] = one.correction.after
        seen.setdefault(one.sequence, {})[one.correction.field] = one.correction.before

    def summary(result: BulkEditResult) -> str:
        rows = counted(result.rows, "row")
        return f"Replayed {counted(result.cells, 'correction')} of {str(earlier).lower()} in {rows}."

    result, review = BulkEditor(engine).edit_cells(batch.id, CellEdits(texts, seen), KIND, summary)
    left = (
        f" {counted(len(replay.left), 'correction does', 'corrections do')} not fit." if replay.left else ""
    )
    return " ".join([f"{summary(result)}{left}", *exceptions_of(review)])


def _corrections(context: ActionContext, limit: int) -> Iterator[Correction]:
    """Yield the corrections of a batch, by their rows."""
    columns = edited_by_name(context.row, context.access)
    cells = [
        (sequence, name, before or "", now or "")
        for sequence, name, before, now in context.session.execute(
            all_differing_cells(context.batch.id).limit(limit)
        )
        if name in columns
    ]
    names = _key_columns(context)
    original = {(sequence, name): before for sequence, name, before, _ in cells if name in names}
    keys = _keys_of(context.session, context, sorted({cell[0] for cell in cells}))
    for sequence, name, before, now in cells:
        if sequence in keys:
            # The key as it is in the file, by which the next file has the row. Rows that people added have none there.
            key = tuple(
                original.get((sequence, one), text) for one, text in zip(names, keys[sequence], strict=True)
            )
            if any(key):
                yield Correction(key, name, columns[name].label, before, now)


def _key_columns(context: ActionContext) -> Sequence[str]:
    """Return the columns by which rows are found again: those of the records that they change, else those of their peers."""
    handler, declared = context.handler, context.handler.touched_records
    names = handler.peer_columns if declared is None else declared.columns_of(handler, context.batch)
    # Without a key that the person sees, nothing is found again.
    return [name for name in names if hasattr(context.row, name)] if context.access.sees_all(names) else []


def _keys_of(session: Session, context: ActionContext, sequences: Sequence[int]) -> Mapping[int, Key]:
    row, dialect = context.row, session.get_bind().dialect
    wanted = select(row.sequence, *(getattr(row, name) for name in _key_columns(context))).where(
        row.batch_id == context.batch.id, ~row.removed
    )
    found: dict[int, Key] = {}
    for some in chunked(sequences, _TOGETHER):
        for number, *key in session.execute(wanted.where(is_listed(row.sequence, [*some], dialect))):
            found[number] = tuple("" if one is None else str(one) for one in key)
    return found


def _rows_by_key(context: ActionContext, keys: set[Key]) -> Mapping[Key, list[RowMapping]]:
    """Return the rows that are not removed and have one of ``keys``, by key. They are found by the first part of it."""
    names, table = _key_columns(context), context.rows().table
    found: dict[Key, list[RowMapping]] = {}
    for some in chunked(sorted({key[0] for key in keys}), _TOGETHER) if names else ():
        wanted = select(table).where(context.rows().where, table.c[names[0]].in_([*some]))
        for row in context.session.execute(wanted.order_by(table.c.sequence)).mappings():
            key = tuple("" if row[name] is None else str(row[name]) for name in names)
            if key in keys:
                found.setdefault(key, []).append(row)
    return found
