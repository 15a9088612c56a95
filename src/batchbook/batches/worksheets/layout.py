"""Layouts of worksheets: columns, the fields of the row that they edit, and the texts of their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from batchbook.batches.editing import editable_by_name
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.models import BatchRow
from batchbook.batches.rows.scope import RowProxy
from batchbook.grid import Column, Kind, columns_of, render

_WIDTHS = {Kind.TEXT: 28, Kind.DATETIME: 22, Kind.INTEGER: 12, Kind.DECIMAL: 12, Kind.DATE: 12}
#: What every row has and no worksheet shows as a column of its own.
_NEVER_COLUMNS = frozenset(
    {"batch_id", "sequence", "status", "status_text", "issues", "removed", "version", "modified_at"}
)


@dataclass(frozen=True)
class SheetColumn:
    """A column of a worksheet: its ``heading``, and the ``field`` of the row that its cells edit.

    Without a field it only shows something. ``width`` is in characters. Two columns may have one heading, but not one
    field.
    """

    heading: str
    field: str = ""
    width: int = 14


class Layout(Protocol):
    """The columns of a worksheet, and the way from a row to their texts and back.

    ``columns`` are those between the key and the status. ``shown`` are the columns of the grid that rows bring along
    for them; all columns of the row's table they have anyway.
    """

    @property
    def columns(self) -> Sequence[SheetColumn]:
        """The columns, in their order."""
        ...

    @property
    def shown(self) -> Sequence[Column]:
        """What :meth:`texts` needs of a row besides its table's columns."""
        ...

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> Sequence[str]:
        """Return the text of each cell of ``row``, in the order of ``columns``.

        ``fields`` are the texts of the row's editable fields, which may be those of an earlier moment: they count, not
        what ``row`` says of these fields now. The same ``fields`` of a row must always give the same texts of them.
        """
        ...

    def understood(self, field: str, text: str) -> str:
        """Return the text, as people would type it into ``field`` on the row's page, that ``text`` in its cell means."""
        ...


class RowLayout:
    """The layout of every type that has no other: ``columns`` of the row grid, then the other editable ones."""

    def __init__(self, model: type[BatchRow], columns: Sequence[Column]) -> None:
        editable = editable_by_name(model)
        named = {column.name for column in columns}
        self.shown = (*columns, *(column for name, column in editable.items() if name not in named))
        self.columns = tuple(
            SheetColumn(column.label, column.name if column.name in editable else "", width_of(column))
            for column in self.shown
        )

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> Sequence[str]:
        """Return the texts that a form would show of editable columns, and what the grid shows of the others."""
        return [
            fields[column.name]
            if column.name in fields
            else render(column, getattr(row, column.name), grouped=False)
            for column in self.shown
        ]

    def understood(self, field: str, text: str) -> str:  # noqa: ARG002 - Other layouts look at the field.
        """Return ``text``: what stands in the cell is what would be typed."""
        return text


def row_layout(work: ActionContext) -> Layout:
    """Return the layout of what the row grid shows."""
    return RowLayout(work.row, _grid_columns(work))


def _grid_columns(work: ActionContext) -> tuple[Column, ...]:
    model: Any = work.row
    shown = getattr(work.batch_type.view, "shown_columns", lambda _row: ())(model)
    own = [column.key for column in model.__mapper__.columns if column.key not in _NEVER_COLUMNS]
    return columns_of(model, ("sequence", *(shown or own)))


def width_of(column: Column) -> int:
    """Return how many characters wide a column is that holds what ``column`` does."""
    return max(_WIDTHS.get(column.kind, 14), min(len(column.label) + 4, 40))
