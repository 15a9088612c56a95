"""Layouts of worksheets: columns, the fields of the row that they edit, and the texts of their cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from batchbook.batches.rows.scope import RowProxy
from batchbook.grid import Column


@dataclass(frozen=True)
class SheetColumn:
    """A column of a worksheet: its ``heading``, and the ``field`` of the row that its cells edit.

    Without a field it is only shown. ``width`` is in characters. Two columns may have one heading, but not one field.
    """

    heading: str
    field: str = ""
    width: int = 14


@runtime_checkable
class Layout(Protocol):
    """The columns of a worksheet, and the way from a row to their texts and back.

    ``columns`` are those between the key and the status. ``grid_columns`` are the columns of the grid that rows bring
    along for them; all columns of the row's table they have anyway.
    """

    @property
    def columns(self) -> Sequence[SheetColumn]:
        """The columns, in their order."""
        ...

    @property
    def grid_columns(self) -> Sequence[Column]:
        """The columns that :meth:`texts` needs of a row besides those of its table."""
        ...

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> Sequence[str]:
        """Return the text of each cell of ``row``, in the order of ``columns``.

        ``fields`` are the texts of the row's editable fields, which may be those of an earlier moment: they count, not
        the values that ``row`` has now. The same ``fields`` of a row must always give the same texts of them.
        """
        ...

    def field_text(self, field: str, text: str) -> str:
        """Return the text that people would type into ``field`` on the row's page for ``text`` in its cell."""
        ...


@dataclass(frozen=True, kw_only=True)
class Worksheet:
    """Declaration of the worksheets of a type's batches: ``worksheet`` of its handler.

    ``layout`` gets the handler and the batch, and returns the columns of its worksheets; by default, and where it
    returns ``None``, they are those of the batch's file, or else of the row grid.
    """

    # It gets the author's own handler and header, which only the author's code has types for.
    layout: Callable[[Any, Any], Layout | None] | None = None

    def layout_for(self, handler: Any, batch: Any) -> Layout | None:
        """Return the type's own layout for ``batch``; ``None`` if it has none."""
        return None if self.layout is None else self.layout(handler, batch)
