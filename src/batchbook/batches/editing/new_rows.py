"""Rows that people add: checked, stored behind the last row, and noted in the history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchbook.batches.editing.cell_review import CellReview
from batchbook.batches.editing.field_changes import Entered, editable_columns, text_in
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.handler_context import next_number
from batchbook.batches.history import Cell, added_row
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.rows.row_values import CellCheck, RowValues
from batchbook.db.base import scalar_defaults
from batchbook.db.bulk_writing import bulk_insert_columns
from batchbook.errors import Conflict
from batchbook.grid import CellError


def refuse_additions(context: ActionContext) -> None:
    """Raise ``Conflict`` if rows cannot be added to batches of the type."""
    if not context.handler.rows_can_be_added:
        raise Conflict(f"Rows cannot be added to {context.batch}: its type takes rows from its source only.")


class NewRows:
    """Rows to be added with ``texts`` by field; ``review`` notes what is refused."""

    def __init__(
        self, context: ActionContext, texts: Sequence[Mapping[str, str]], review: CellReview
    ) -> None:
        if texts:
            refuse_additions(context)
        self._context = context
        self._columns = editable_columns(context.row, context.access)
        self._review = review
        values = (self._values(row_texts) for row_texts in texts)
        self._values_of_rows = [row_values for row_values in values if row_values is not None]
        self.cells: list[Cell] = []

    def insert(self) -> list[int]:
        """Store the rows; return their sequence numbers."""
        if not self._values_of_rows:
            return []
        context = self._context
        stored = stored_values(context, self._values_of_rows)
        bulk_insert_columns(context.session.connection(), context.rows().table, stored)
        self.cells = [*cells_of_new(context, self._values_of_rows, stored)]
        return list(stored["sequence"])

    def _values(self, texts: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the values of a row by field; ``None`` if one that it needs is refused or missing."""
        values: dict[str, Any] = {}
        complete = True
        for column in self._columns:
            text = texts.get(column.name, "")
            try:
                values[column.name] = Entered.of(column, text, "", self._review.conventions).parse(column)
            except CellError as error:
                self._review.refuse(0, column.name, error.message)
                complete = complete and not column.required
                values[column.name] = column.blank
        for name in texts.keys() - self._review.columns.keys():
            self._review.refuse_read_only(0, name)
        return values if complete else None


def stored_values(context: ActionContext, rows: Sequence[RowValues]) -> dict[str, Sequence[Any]]:
    """Return by column what is stored of new ``rows`` that have the same fields; they are numbered from the last row on."""
    first, count = next_number(context.session, context.row.sequence, context.batch.id), len(rows)
    table = context.rows().table
    constant = {
        **scalar_defaults(table.columns),
        "batch_id": context.batch.id,
        "removed": False,
        "version": 1,
        "modified_at": context.now,
    }
    values: dict[str, Sequence[Any]] = {name: [value] * count for name, value in constant.items()}
    values["sequence"] = range(first, first + count)
    check = CellCheck(table, context.session.get_bind().dialect, context.handler.statuses)
    return values | check.columns({name: [row[name] for row in rows] for name in rows[0]})


def cells_of_new(
    context: ActionContext, given: Sequence[RowValues], stored: Mapping[str, Sequence[Any]]
) -> Iterator[Cell]:
    """Yield what history keeps of the cells that were ``given`` of new rows, and ``stored`` by column."""
    columns = [column for column in editable_columns(context.row, EVERYTHING) if column.name in given[0]]
    issues = stored.get("issues") or [None] * len(given)
    for place, sequence in enumerate(stored["sequence"]):
        for column in columns:
            text = text_in(column, stored[column.name][place], issues[place])
            if text:
                yield Cell(sequence, column.name, None, text)
        yield added_row(sequence)
