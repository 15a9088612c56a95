"""Printing a grid: all rows of its filters on one page of the browser, which breaks it into sheets with a heading on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.renderers import render_to_response
from pyramid.response import Response

from batchbook.db import utc_now
from batchbook.errors import BadInput, TooLarge
from batchbook.grid import VERB_LABELS, Column, Conventions, Filter, shown_text
from batchbook.master.grid_view import GridView
from batchbook.master.row_cells import TableRow

#: The limit of rows for a page to print: browsers take several seconds for it, and it fills some 300 sheets.
MOST_PRINTED = 10_000
#: The most cells that can be printed at once.
MOST_CELLS = 500_000

_TEMPLATE = "batchbook.templates:master/print.jinja2"


@dataclass(frozen=True)
class Printout:
    """A grid to print, with the ``heading`` and the ``lead`` that every sheet has."""

    heading: str
    lead: str
    view: GridView

    @property
    def back_url(self) -> str:
        """The page that the grid is on, in the same state."""
        return self.view.links.to()

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that the grid shows."""
        return self.view.personal.visible

    @property
    def conditions(self) -> list[str]:
        """The search and each filter in words, such as “Status is Increase”; alternatives are one sentence."""
        columns = {column.name: column for column in self.view.columns}
        state, conventions = self.view.state, self.view.request.conventions
        groups = {
            number: [_in_words(clause, columns[clause.column], conventions) for clause in clauses]
            for number, clauses in state.groups
        }
        found = [f"Search: {state.search}"] if state.search else []
        found += groups.pop(0, [])
        if groups:
            found.append("Either " + ", or ".join(" and ".join(words) for words in groups.values()))
        return found

    def rows(self) -> Iterator[TableRow]:
        """Yield all rows of the filters, in the order of the grid."""
        view = self.view
        return view.with_cells(view.grid.all_rows(view.request.db, view.state, view.user))


def _in_words(clause: Filter, column: Column, conventions: Conventions) -> str:
    labels = {str(choice.value): choice.label for choice in column.choices}
    joint = " and " if clause.verb == "between" else " or "
    values = joint.join(labels.get(value, shown_text(column, value, conventions)) for value in clause.values)
    return f"{column.label} {VERB_LABELS[clause.verb]} {values}".rstrip()


def print_page(printout: Printout) -> Response:
    """Return the page to print; raise ``TooLarge`` for too many rows, and ``BadInput`` where a filter cannot be used."""
    view = printout.view
    if view.state.problems:
        raise BadInput(
            f"{' '.join(view.state.problems)} Nothing is printed, because it would be more rows than you asked for."
        )
    if view.window.total * len(view.personal.visible) > MOST_CELLS:
        raise TooLarge(
            f"These are {view.window.total:,} rows of {len(view.personal.visible):,} columns, and at most {MOST_CELLS:,} cells can be printed"
            " at once. Filter them first, or export them."
        )
    if view.window.total > MOST_PRINTED:
        raise TooLarge(
            f"These are {view.window.total:,} rows, and at most {MOST_PRINTED:,} can be printed at once. Filter them first, or export them."
        )
    values: dict[str, Any] = {"printout": printout, "count": view.window.total, "printed_at": utc_now()}
    return render_to_response(_TEMPLATE, values, view.request)
