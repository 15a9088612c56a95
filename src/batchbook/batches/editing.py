"""Editing a batch's rows and header: every way in for a person's change goes through here.

An edit carries the version it saw. If the row changed since, nothing is stored and :class:`Stale` brings both what the
person wanted and what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from batchbook.batches.actions import scalar_default
from batchbook.batches.cells import without_issues_of
from batchbook.batches.context import next_number
from batchbook.batches.engine import Engine
from batchbook.batches.handler import RowValues
from batchbook.batches.models import BatchRow
from batchbook.batches.operations import Cell
from batchbook.batches.scope import RowProxy, storable, table_of
from batchbook.batches.touched import all_or_nothing, brought_up_to_date, peer_values, row_and_peers
from batchbook.batches.work import HIGHEST_NUMBER, Work
from batchbook.db.bulk import bulk_insert
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.grid import CellError, Column, columns_of, parse, to_text


class CellProblems(BadInput):
    """Texts that cannot be stored: ``problems`` has a sentence per field. Nothing was stored."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class Stale(Conflict):
    """Somebody else changed the same thing since the editor saw it. Nothing was stored.

    ``mine`` and ``theirs`` have, by field, the text the editor wanted and the text that is there now; ``version`` is
    the one to send along to insist.
    """

    def __init__(self, what: str, mine: Mapping[str, str], theirs: Mapping[str, str], version: int) -> None:
        super().__init__(
            f"{what} was changed by somebody else while you were editing it. Your change was not stored;"
            " both values are shown, choose one."
        )
        self.mine = dict(mine)
        self.theirs = dict(theirs)
        self.version = version


def editable_columns(model: type[Any], *, new: bool = False) -> tuple[Column, ...]:
    """Return the columns of a row or header model that people may edit, in the order of the table.

    For a ``new`` header also those that are fixed from then on.
    """
    columns = model.__mapper__.columns
    return columns_of(
        model, [c.key for c in columns if c.info.get("editable") and (new or not c.info.get("fixed"))]
    )


def cell_text(column: Column, row: Any) -> str:
    """Return the text of a cell as a person would edit it: the raw text where it could not be stored."""
    value = getattr(row, column.name)
    if value is None or value == column.blank:
        raw = next((i["raw"] for i in row.issues or () if i["field"] == column.name and i["raw"]), None)
        if raw is not None:
            return str(raw)
    return to_text(column, value)


class RowEditor:
    """Edits rows of the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.session = engine.session

    def edit(
        self, batch_id: int, sequence: int, texts: Mapping[str, str], version: int | None = None
    ) -> list[str]:
        """Store ``texts``, by field, in a row; return the labels of the fields that changed.

        ``version`` is the row's version the editor saw; ``None`` for one who gives values without looking, such as a
        script. Raises :class:`CellProblems` and :class:`Stale`, and :class:`~batchbook.errors.Missing` for a row that
        is not there.
        """
        with all_or_nothing(self.engine, batch_id) as work:
            row = find_row(work, sequence)
            if row.removed:
                raise Conflict(f"Row {sequence} is removed: restore it to change it.")
            columns = _columns_named(work.batch_type.row, texts)
            asked = {c.name: texts[c.name] for c in columns if not _says(c, texts[c.name], cell_text(c, row))}
            if asked and version is not None and version != row.version:
                theirs = {c.name: cell_text(c, row) for c in columns if c.name in asked}
                raise Stale(f"Row {sequence}", asked, theirs, row.version)
            changed = [column for column in columns if column.name in asked]
            values = parsed(changed, asked)
            if changed:
                self._store(work, row, changed, values)
            return [column.label for column in changed]

    def _store(self, work: Work, row: RowProxy, columns: Sequence[Column], values: RowValues) -> None:
        cells = [
            Cell(row.sequence, c.name, cell_text(c, row) or None, to_text(c, values[c.name]) or None)
            for c in columns
        ]
        old_peers = peer_values(work, row)
        issues: list[Any] | None = row.issues
        for column in columns:
            setattr(row, column.name, values[column.name])
            issues = without_issues_of(issues, column.name)
        row.issues = issues
        touched = row_and_peers(work, row.sequence, old_peers, peer_values(work, row))
        with brought_up_to_date(work, touched):
            model = work.batch_type.row
            changes = dict(row.changes) | {"version": row.version + 1, "modified_at": work.now}
            self.session.execute(
                update(table_of(model))
                .where(model.batch_id == work.batch.id, model.sequence == row.sequence)
                .values(**changes)
            )
        names = ", ".join(column.label for column in columns)
        work.record("edit", f"Changed {names} in row {row.sequence}.", cells)

    def add(self, batch_id: int, texts: Mapping[str, str]) -> int:
        """Add a row with ``texts`` by field at the end of the batch; return its sequence number."""
        with all_or_nothing(self.engine, batch_id) as work:
            if not work.handler.rows_can_be_added:
                raise Conflict(
                    f"Rows cannot be added to {work.batch}: its type takes rows from its source only."
                )
            # A field that is not there must not be passed over in silence.
            _columns_named(work.batch_type.row, texts)
            columns = editable_columns(work.batch_type.row)
            values = parsed(columns, {column.name: texts.get(column.name, "") for column in columns})
            return self._insert(work, values, "add", "Added row {}.")

    def enter(self, batch_id: int, text: str) -> int:
        """Add the row that ``text``, scanned or typed into the quick entry box, stands for; return its number."""
        with all_or_nothing(self.engine, batch_id) as work:
            text = text.strip()
            asks = work.handler.quick_entry_label and text == storable(text)
            values = work.handler.quick_entry(work.batch, text) if asks else None
            if values is None:
                raise BadInput(f"“{text[:80]}” was not found, so no row was added.")
            return self._insert(work, values, "add", f"Added row {{}} by quick entry of “{text[:80]}”.")

    def _insert(self, work: Work, values: RowValues, kind: str, summary: str) -> int:
        model = work.batch_type.row
        sequence = next_number(self.session, model.sequence, work.batch.id)
        peers = tuple(values.get(name) for name in work.handler.peer_columns)
        defaults = {c.name: scalar_default(c) for c in work.rows().table.columns if c.default is not None}
        stored = {
            **defaults,
            "batch_id": work.batch.id,
            "sequence": sequence,
            "removed": False,
            "version": 1,
            "modified_at": work.now,
            **values,
        }
        with brought_up_to_date(work, row_and_peers(work, sequence, peers)):
            bulk_insert(self.session.connection(), work.rows().table, list(stored), [tuple(stored.values())])
        columns = [column for column in editable_columns(model) if values.get(column.name) is not None]
        cells = [
            Cell(sequence, column.name, None, to_text(column, values[column.name])) for column in columns
        ]
        work.record(kind, summary.format(sequence), cells)
        return sequence


class HeaderEditor:
    """Edits headers of the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def edit(self, batch_id: int, texts: Mapping[str, str], version: int | None = None) -> list[str]:
        """Store ``texts``, by field, in the header; return the labels of the fields that changed.

        Where the type says so, the rows are refreshed. Raises as :meth:`RowEditor.edit` does.
        """
        with all_or_nothing(self.engine, batch_id) as work:
            batch = work.batch
            columns = _columns_named(work.batch_type.header, texts)
            old = {column.name: to_text(column, getattr(batch, column.name)) for column in columns}
            asked = {c.name: texts[c.name] for c in columns if not _says(c, texts[c.name], old[c.name])}
            if asked and version is not None and version != batch.version:
                raise Stale(str(batch), asked, {name: old[name] for name in asked}, batch.version)
            changed = [column for column in columns if column.name in asked]
            for name, value in parsed(changed, asked).items():
                setattr(batch, name, value)
            if changed:
                self._finish(work, changed, old)
            return [column.label for column in changed]

    def _finish(self, work: Work, changed: Sequence[Column], old: Mapping[str, str]) -> None:
        batch = work.batch
        batch.version += 1
        cells = [
            Cell(0, c.name, old[c.name] or None, to_text(c, getattr(batch, c.name)) or None) for c in changed
        ]
        names = ", ".join(column.label for column in changed)
        work.record("edit", f"Changed {names} in the header.", cells)
        if not {column.name for column in changed}.isdisjoint(work.handler.refresh_after):
            self.engine.refresh_or_refuse(batch.id)


def find_row(work: Work, sequence: int) -> RowProxy:
    """Return a row of the batch, removed or not; raise :class:`~batchbook.errors.Missing` if there is none."""
    model: type[BatchRow] = work.batch_type.row
    statement = select(work.rows().table).where(model.batch_id == work.batch.id, model.sequence == sequence)
    values = (
        work.session.execute(statement).mappings().one_or_none() if 0 < sequence <= HIGHEST_NUMBER else None
    )
    if values is None:
        raise Missing(f"{work.batch} has no row {sequence}.")
    return RowProxy(values)


def _columns_named(model: type[Any], texts: Mapping[str, str]) -> tuple[Column, ...]:
    columns = editable_columns(model)
    unknown = sorted(texts.keys() - {column.name for column in columns})
    if unknown:
        names = ", ".join(column.name for column in columns)
        raise BadInput(f"“{unknown[0][:60]}” is not a field that can be edited. Those that can: {names}.")
    return tuple(column for column in columns if column.name in texts)


def _says(column: Column, text: str, shown: str) -> bool:
    """Tell whether ``text`` means what is ``shown``: browsers change line ends, and people write 9.5 for 9.50."""
    text = text.strip()
    try:
        return text == shown or to_text(column, parse(column, text)) == shown
    except CellError:
        return False


def parsed(columns: Sequence[Column], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that ``texts`` stand for; raise :class:`CellProblems` with all that cannot be read."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for column in columns:
        try:
            values[column.name] = parse(column, texts[column.name])
        except CellError as error:
            problems[column.name] = error.message
    if problems:
        raise CellProblems(problems)
    return values
