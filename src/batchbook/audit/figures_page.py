"""Figures of the executed batches that match the filters: per month, type and person, as bars with their numbers."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.response import Response
from sqlalchemy import ColumnElement, String, cast, func, literal, select

from batchbook.audit.executed_columns import CHANGED_CELLS
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.errors import BadInput
from batchbook.grid import Column, Kind, Verb
from batchbook.grid.export import csv_chunks, rows_of
from batchbook.master import GridView, Page
from batchbook.security.audit_log import EXPORTED, FILE, record_event

#: The most bars of a chart; the rest is in the filters and exports of the list.
MOST_BARS = 24


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: its label, the address of the batches that it counts, and its figures.

    The shares are those of the longest bar of the chart, in per cent.
    """

    label: str
    url: str
    batches: int
    changes: int
    batches_share: int
    changes_share: int


@dataclass(frozen=True)
class Chart:
    """A chart with its title and the heading of its labels; ``is_cut`` tells that there are more bars than are shown."""

    title: str
    heading: str
    bars: Sequence[Bar]
    is_cut: bool


#: The filter, as parameters of an address, that finds the batches with a value.
_Query = Callable[[Any], list[tuple[str, str]]]


#: The columns of the file with the figures, which has a line for each bar.
_COLUMNS = tuple(
    Column(name, label, literal(None), kind)
    for name, label, kind in (
        ("chart", "Chart", Kind.TEXT),
        ("label", "Label", Kind.TEXT),
        ("batches", "Batches", Kind.INTEGER),
        ("changes", "Changed cells", Kind.INTEGER),
    )
)


class _Figures(Page):
    """The figures of the list, with its filters."""

    def charts(self, grid: GridView) -> list[Chart]:
        """Return the charts. The number of statements does not depend on the number of batches."""
        if grid.state.problems:
            raise BadInput(
                f"{' '.join(grid.state.problems)} No figures are shown, because they would count other batches."
            )
        found = grid.grid.filtered(grid.state, grid.user).with_only_columns(
            # The text of a moment begins alike on both databases: year, month and day in UTC.
            func.substr(cast(Batch.executed_at, String), 1, 7).label("month"),
            Batch.type,
            Batch.executed_by.label("person"),
            CHANGED_CELLS.label("changes"),
            maintain_column_froms=True,
        )  # fmt: skip
        batches = found.subquery()
        titles = {one.key: one.title for one in self.request.services.get(BatchTypes)}
        return [
            self._chart("Per month", "Month (UTC)", batches.c, "month", _in_month),
            self._chart("Per type", "Type", batches.c, "type", _equal("type"), titles),
            self._chart("Per person", "Executed by", batches.c, "person", _equal("executed_by")),
        ]

    def _chart(
        self,
        title: str,
        heading: str,
        columns: Any,
        name: str,
        query: _Query,
        labels: dict[str, str] | None = None,
    ) -> Chart:
        value: ColumnElement[Any] = columns[name]
        counted = select(value, func.count(), func.coalesce(func.sum(columns.changes), 0)).group_by(value)
        order = value.desc() if name == "month" else func.count().desc()
        rows = self.request.db.execute(counted.order_by(order, value).limit(MOST_BARS + 1)).all()
        shown = [row for row in rows[:MOST_BARS] if row[0] is not None]
        most = [max((int(row[at]) for row in shown), default=0) or 1 for at in (1, 2)]
        bars = [
            Bar(
                (labels or {}).get(key, str(key)),
                self.view.url("index", _query=query(key)),
                count,
                int(changes),
                round(100 * count / most[0]),
                round(100 * int(changes) / most[1]),
            )
            for key, count, changes in shown
        ]
        return Chart(title, heading, bars, len(rows) > MOST_BARS)


class FiguresPage(_Figures):
    """The figures as bars with their numbers."""

    name = "figures"
    pattern = "/figures"
    permission = "view"
    template = "batchbook.templates:audit/figures.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the charts."""
        grid = self.view.grid()
        return self.template_values(grid=grid, charts=self.charts(grid))


class FiguresFile(_Figures):
    """The figures as a CSV file."""

    name = "figures_file"
    pattern = "/figures.csv"
    permission = "export"

    def get(self) -> Response:
        """Send the file, which has a line for each bar."""
        figures = [
            (one.title, bar.label, bar.batches, bar.changes)
            for one in self.charts(self.view.grid())
            for bar in one.bars
        ]
        record_event(self.request, EXPORTED, "figures of executed batches", "csv", FILE)
        response = Response(
            content_type="text/csv",
            charset="utf-8",
            app_iter=csv_chunks(_COLUMNS, rows_of(_COLUMNS, figures)),
        )
        response.headers["Content-Disposition"] = "attachment; filename=figures.csv"
        return response


def _equal(column: str) -> _Query:
    return lambda value: [(f"f.{column}.{Verb.EQUAL}", str(value))]


def _in_month(month: str) -> list[tuple[str, str]]:
    year, number = map(int, month.split("-"))
    last = monthrange(year, number)[1]
    return [(f"f.executed_at.{Verb.BETWEEN}", f"{month}-{day:02d}") for day in (1, last)]
