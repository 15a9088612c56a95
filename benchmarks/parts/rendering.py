"""The grid's rows as markup, against a bare template that writes the same table: the rows alone, no database, no request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from itertools import count
from statistics import median
from time import process_time
from typing import Any

from jinja2 import Environment
from pyramid.config import Configurator
from sqlalchemy import Row, column
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from batchbook.grid import Choice, Column, Kind
from batchbook.master.row_cells import Cell, EditableRow, RowIdentity, TableRow, table_rows
from benchmarks.parts.figures import PartFigure, PartRequest

#: The most milliseconds that a row may take.
MOST_MILLISECONDS = 0.1

_STATUSES = (Choice("ok", "Matches", "success", "="), Choice("off", "Differs", "warning", "≠"))
_KINDS: dict[str, tuple[Kind, dict[str, Any]]] = {
    "sequence": (Kind.INTEGER, {}),
    "item_code": (Kind.TEXT, {"editable": True}),
    "description": (Kind.TEXT, {"editable": True}),
    "size": (Kind.TEXT, {"editable": True}),
    "old_price": (Kind.DECIMAL, {"scale": 2, "editable": True}),
    "new_price": (Kind.DECIMAL, {"scale": 2, "editable": True}),
    "change": (Kind.DECIMAL, {"scale": 1}),
    "since": (Kind.DATE, {}),
    "vegan": (Kind.BOOLEAN, {"editable": True}),
    "status": (Kind.CHOICE, {"choices": _STATUSES}),
    "vendor": (Kind.TEXT, {}),
    "on_hand": (Kind.INTEGER, {}),
}
_COLUMNS = tuple(
    Column(name, name.replace("_", " ").capitalize(), column(name), kind, **parts)
    for name, (kind, parts) in _KINDS.items()
)

# Each cell as it is written in the end, every text escaped once: what no grid can be faster than in Jinja.
_BARE = """{%- for attributes, cells in rows %}
<tr data-row{{ attributes }}>
  {%- for tag, attributes, html, url, text, link_attributes, title in cells -%}
  <{{ tag }}{{ attributes }}{% if text is not none %} data-text="{{ text }}"{% endif %}
  {%- if url %}><a{{ link_attributes }} href="{{ url }}">{{ html }}</a>{% else %}{% if title %} title="{{ title }}"{% endif %}>{{ html }}{% endif %}</{{ tag }}>
  {%- endfor %}</tr>
{%- endfor %}"""


@dataclass(frozen=True)
class RowCost:
    """Processor seconds (medians) of one row: as Batchbook renders it, and by the bare template."""

    rows: int
    ours: float
    bare: float

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the bare template's."""
        return self.ours / self.bare


def row_cost(rows: int, rounds: int) -> RowCost:
    """Render ``rows`` rows of 12 cells, 6 of them editable, ``rounds`` times each way, in turn."""
    template = _environment().from_string(
        '{% from "batchbook.templates:macros/rows.jinja2" import table_rows %}{{ table_rows(rows) }}'
    )
    bare = Environment(autoescape=True).from_string(_BARE)
    stored = _stored(rows)
    ready = [(row.attributes, [_ready(cell) for cell in row.cells]) for row in _prepared(stored)]
    if template.render(rows=_prepared(stored)) != bare.render(rows=ready):
        raise RuntimeError("The bare template does not write the same table.")
    ours_times, bare_times = [], []
    for _ in range(rounds):
        ours_times.append(_seconds(lambda: template.render(rows=_prepared(stored))))
        bare_times.append(_seconds(lambda: bare.render(rows=ready)))
    return RowCost(rows, median(ours_times) / rows, median(bare_times) / rows)


def _environment() -> Any:
    config = Configurator(settings={})
    config.include("pyramid_jinja2")
    config.commit()
    return config.get_jinja2_environment()


def _prepared(rows: Iterable[Row[Any]]) -> Iterable[TableRow]:
    links = {"sequence": lambda row: f"/batches/price-change/1/rows/{row.sequence}"}
    return table_rows(
        _COLUMNS, rows, UTC, links=links, editable=_editable, identity=_identity, places=count(1)
    )


def _editable(row: Row[Any]) -> EditableRow:
    return EditableRow(f"/batches/price-change/1/rows/{row.sequence}", {})


def _identity(row: Row[Any]) -> RowIdentity:
    return RowIdentity(row.sequence, 3)


def _ready(cell: Cell) -> tuple[Any, ...]:
    return cell.tag, cell.attributes, cell.html, cell.url, cell.text, cell.link_attributes, cell.title


def _stored(count: int) -> Sequence[Row[Any]]:
    rows = (
        (
            number,
            f"{number:09d}",
            f"COOKIES & CREAM {number}",
            "4 OZ",
            Decimal("1234.50"),
            Decimal("1299.99"),
            Decimal("5.3"),
            date(2026, 1, 1 + number % 28),
            bool(number % 2),
            _STATUSES[number % 2].value,
            "Ice & Cream Company of the North",
            number % 500,
        )
        for number in range(1, count + 1)
    )
    found: Sequence[Row[Any]] = IteratorResult(SimpleResultMetaData(list(_KINDS)), rows).all()
    return found


def _seconds(do: Callable[[], Any]) -> float:
    start = process_time()
    do()
    return process_time() - start


def measure(request: PartRequest) -> Iterator[PartFigure]:
    """Yield what a row of the grid takes, and its multiple of the bare template."""
    cost = row_cost(200, 3 if request.is_quick else 15)
    yield PartFigure("rendering", "a row of the grid", cost.ours * 1000, "ms", MOST_MILLISECONDS)
    yield PartFigure("rendering", "a row of the grid, to a bare template", cost.ratio, "times")
