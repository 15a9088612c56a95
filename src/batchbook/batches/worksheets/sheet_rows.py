"""Rows of a batch as worksheets need them, now and as they were after an earlier operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select

from batchbook.batches.editing import cell_text, editable_by_name
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.models import CellChange
from batchbook.batches.rows.scope import RowProxy
from batchbook.batches.worksheets.layout import Layout
from batchbook.batches.worksheets.metadata import sheet_text
from batchbook.grid import Column, Grid
from batchbook.statuses import Severity

#: The earlier text of a cell, by sequence of the row and field.
EarlierTexts = dict[int, dict[str, str]]


def earlier_texts(work: ActionContext, operation: int, sequences: Sequence[int]) -> EarlierTexts:
    """Return the texts of those cells in the rows ``sequences`` that were changed after ``operation``, as they were then."""
    change = CellChange
    wanted = (
        select(change.sequence, change.field, change.old)
        .where(
            change.batch_id == work.batch.id,
            change.sequence.in_(sequences),
            change.operation > operation,
        )
        .order_by(change.operation, change.position)
    )
    found: EarlierTexts = {}
    for sequence, field, old in work.session.execute(wanted):
        # The first change since then has the earlier text.
        found.setdefault(sequence, {}).setdefault(field, old or "")
    return found


_BAD = (Severity.ERROR, Severity.WARNING)


def sheet_grid(work: ActionContext, layout: Layout, *conditions: ColumnElement[bool]) -> Grid:
    """Return the rows of the batch that satisfy ``conditions``, in their order, with the columns that ``layout`` needs."""
    return Grid(
        layout.grid_columns, sheet_select(work, *conditions), (work.row.sequence,), carried=carried_by(work)
    )


def sheet_select(work: ActionContext, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the SELECT of the batch's rows that satisfy ``conditions``."""
    return select(work.row).where(work.row.batch_id == work.batch.id, *conditions)


def carried_by(work: ActionContext) -> list[Any]:
    """Return the columns of the row's table, which every row of a worksheet's grid has."""
    row: Any = work.row
    return [getattr(row, column.key) for column in row.__mapper__.columns if column.key != "sequence"]


def with_problems(work: ActionContext) -> ColumnElement[bool]:
    """Return the condition for rows with an issue, or with a status of an error or warning."""
    row = work.row
    bad = [str(status) for status in work.handler.statuses or () if status.severity in _BAD]
    return or_(row.issues.is_not(None), row.status.in_(bad))


class SheetRows:
    """Turns rows of a grid into the texts of their cells."""

    def __init__(self, work: ActionContext, layout: Layout) -> None:
        self.layout = layout
        self.editable: Mapping[str, Column] = editable_by_name(work.row)

    def proxy(self, row: Row[Any]) -> RowProxy:
        """Return a row in the form that layouts expect."""
        return RowProxy(row._mapping)

    def fields(self, row: RowProxy) -> dict[str, str]:
        """Return the texts of the row's editable fields, as they are now."""
        return {name: cell_text(column, row) for name, column in self.editable.items()}

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> list[str]:
        """Return the texts of the row's cells with these ``fields``, as a workbook holds them."""
        return [sheet_text(text) for text in self.layout.texts(row, fields)]
