"""The choice of columns and rows for an export, in the query of its address, and the form that makes it."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from batchbook.errors import BadInput
from batchbook.grid import Column, Filter, GridState, Params, Verb
from batchbook.grid.filters import MAX_VALUES
from batchbook.grid.state_params import MAX_FILTERS
from batchbook.master.grid_view import GridView
from batchbook.master.links import FORMATS
from batchbook.master.view import Page

#: Values of the field ``rows``: the rows of the filters, all rows, or those with the given numbers.
FILTERED, ALL, NUMBERED = "filtered", "all", "numbers"

_RANGE = re.compile(r"([0-9]{1,9})(?:\s*[-\u2013]\s*([0-9]{1,9}))?")


@dataclass(frozen=True)
class ExportChoice:
    """The names of the ``columns`` in their order, all columns if there are none, and the ``rows``.

    ``rows`` is :data:`FILTERED`, :data:`ALL` or :data:`NUMBERED`; for the last one ``numbers`` are those of rows, such as
    “1-50, 60”.
    """

    columns: tuple[str, ...] = ()
    rows: str = FILTERED
    numbers: str = ""

    @classmethod
    def read(cls, params: Params) -> Self:
        """Return the choice that the parameters of an address make."""
        pairs = list(params.items())
        last = dict(pairs)
        names = dict.fromkeys(value for name, value in pairs if name == "columns")
        return cls(tuple(names), last.get("rows", FILTERED), last.get("numbers", ""))

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters that choose the columns; those of the rows are in the state of the grid."""
        return [("columns", name) for name in self.columns]

    def of(self, columns: Sequence[Column]) -> Sequence[Column]:
        """Return the chosen ones of ``columns``, all if none is named; raise ``BadInput`` for a name that none has."""
        by_name = {column.name: column for column in columns}
        unknown = [name for name in self.columns if name not in by_name]
        if unknown:
            raise BadInput(f"There is no column “{unknown[0][:60]}” in these rows. Nothing was exported.")
        return [by_name[name] for name in self.columns] or columns

    def state_of(self, state: GridState, number_column: str) -> GridState:
        """Return ``state`` with the filters that select the chosen rows; its order is kept.

        Raises ``BadInput`` for numbers that can't be read, or rows that have none.
        """
        if self.rows == ALL:
            return replace(state, filters=(), search="", page=1)
        if self.rows != NUMBERED:
            return state
        if not number_column:
            raise BadInput("These rows have no numbers by which they can be chosen. Nothing was exported.")
        return replace(state, filters=_numbered(number_column, self.numbers), search="", page=1)


def _numbered(column: str, text: str) -> tuple[Filter, ...]:
    """Return the filters for the rows with the numbers in ``text``: alternatives, one for single numbers and one for each range."""
    parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
    matches = [_RANGE.fullmatch(part) for part in parts]
    if not parts or None in matches:
        raise BadInput("Write the numbers of rows like 1-50, 60. Nothing was exported.")
    singles = [match[1] for match in matches if match and not match[2]]
    ranges = [(match[1], match[2]) for match in matches if match and match[2]]
    if any(int(first) > int(last) for first, last in ranges):
        raise BadInput("A range of rows begins with its lower number, like 1-50. Nothing was exported.")
    if len(singles) > MAX_VALUES or len(ranges) >= MAX_FILTERS:
        raise BadInput(
            f"At most {MAX_VALUES:,} rows and {MAX_FILTERS - 1} ranges can be chosen by their numbers. Nothing was exported."
        )
    found = [Filter(column, Verb.BETWEEN, bounds) for bounds in ranges]
    if singles:
        found.append(Filter(column, Verb.ANY_OF, tuple(dict.fromkeys(singles))))
    if len(found) == 1:
        return tuple(found)
    return tuple(replace(clause, group=number) for number, clause in enumerate(found, start=1))


class ExportForm(Page):
    """The form that chooses columns, rows and format of an export; a subclass has the grid."""

    permission = "export"
    template = "batchbook.templates:master/export.jinja2"
    #: The column by whose numbers rows can be chosen; an empty text if they can't.
    number_column: ClassVar[str] = ""

    @abstractmethod
    def shown(self) -> GridView:
        """Return the grid, in the state of the address."""

    @property
    def list_name(self) -> str:
        """The name of the rows."""
        return self.view.title

    def get(self) -> dict[str, Any]:
        """Show the form: the columns in the order in which the table shows them, those that it hides unticked."""
        grid = self.shown()
        shown = list(grid.personal.visible)
        others = [column for column in grid.grid.file_columns if column not in shown]
        urls = [(label, grid.export_url(name)) for name, label in FORMATS.items()] if grid.export_url else []
        return self.template_values(
            grid=grid,
            list_name=self.list_name,
            shown=shown,
            others=others,
            formats=urls,
            numbered=bool(self.number_column),
            numbers=self.request.GET.get("numbers", ""),
        )


class IndexExportForm(ExportForm):
    """The choice for the export of an index."""

    name = "choose_export"
    pattern = "/export"

    def shown(self) -> GridView:
        """Return the index's grid."""
        return self.view.grid()
