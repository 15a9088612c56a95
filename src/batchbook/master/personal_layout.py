"""The layout of one grid as a person arranged it: remembered, and as a style sheet that needs no script."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from batchbook.grid import Column, GridLayout
from batchbook.master.grid_settings import forget, recall, remember
from batchbook.words import is_storable

#: What is remembered of the page around the grid: the name of the open panel, and whether the grid has the whole window.
PANEL, FULL_WINDOW = "panel", "full_window"
_MOST_CHARACTERS = 40
#: The width of a window, in CSS pixels, below which the rows of a grid are cards.
CARDS_BELOW = 700


@dataclass
class PersonalLayout:
    """The layout that ``user`` arranged for the grid called ``key``, or the ``declared`` one until then.

    ``hidden`` names those of its ``columns`` that it hides unless the user shows them. ``url`` is where the layout is posted to,
    and has the style sheet; empty where columns cannot be arranged.
    """

    db: Session
    user: str | None
    key: str
    columns: Sequence[Column]
    hidden: Collection[str]
    declared: GridLayout
    url: str

    @cached_property
    def layout(self) -> GridLayout:
        """The layout of all columns."""
        return self.declared.changed_by(self._recalled("layout"), self.columns)

    @cached_property
    def visible(self) -> tuple[Column, ...]:
        """The columns that are shown, in order."""
        return self.layout.visible(self.columns, self.hidden)

    @cached_property
    def surroundings(self) -> dict[str, Any]:
        """The user's choices for the page around the grid."""
        return self._recalled("page")

    @cached_property
    def style(self) -> str:
        """The style sheet of the table."""
        return layout_style(self.visible, self.layout)

    @property
    def style_url(self) -> str:
        """The address of the style sheet, another one when it changes; empty where the grid has none."""
        return f"{self.url}?{sha256(self.style.encode()).hexdigest()[:16]}" if self.url else ""

    def attributes(self, column: Column) -> Markup:
        """Return the attributes of the heading of a visible ``column``: its width in CSS pixels, and whether it stays in sight."""
        width = self.layout.widths.get(column.name)
        attributes = Markup(' data-width="{}"').format(width) if width else Markup()
        is_frozen = column in self.visible[: self.layout.frozen]
        return attributes + Markup(" data-frozen") if is_frozen else attributes

    def remember(self, sent: Mapping[str, Any]) -> None:
        """Remember what ``sent`` says of columns, rows and surroundings; whatever it does not mention stays as it was.

        Columns and surroundings are stored apart: scripts send them at the same moment, and neither may undo the other.
        """
        if not self.user:
            return
        if "columns" in sent or "density" in sent:
            layout = self.layout.changed_by(sent, self.columns)
            remember(self.db, self.user, f"layout.{self.key}", layout.to_json(self.columns, self.hidden))
        around: dict[str, Any] = {}
        if isinstance(sent.get(PANEL), str) and is_storable(sent[PANEL]):
            around[PANEL] = sent[PANEL][:_MOST_CHARACTERS]
        if isinstance(sent.get(FULL_WINDOW), bool):
            around[FULL_WINDOW] = sent[FULL_WINDOW]
        if around:
            remember(self.db, self.user, f"page.{self.key}", self.surroundings | around)

    def reset(self) -> None:
        """Forget how the user arranged the columns; the page around them stays as it is."""
        if self.user:
            forget(self.db, self.user, f"layout.{self.key}")

    def _recalled(self, what: str) -> dict[str, Any]:
        return (recall(self.db, self.user, f"{what}.{self.key}") if self.user else None) or {}


def layout_style(columns: Sequence[Column], layout: GridLayout) -> str:
    """Return the style sheet of ``table#grid``, which shows ``columns`` in this order.

    In narrow windows, where rows are cards, it has the labels of the cells; in others the widths of columns and, as far as they
    are known, the places of frozen ones, until ``js/grid/row-grid.js`` is in charge of both. It is a file of its own because a
    page may not have styles in it (``security.view_rules``), and it says once what each cell would have to say otherwise.
    """
    narrow = [f"  #grid {_cells(one)}::before {{ content: {_quoted(one.label)}; }}" for one in columns]
    wide = list(_places(columns, layout))
    return "\n".join(
        [
            f"@media (width < {CARDS_BELOW}px) {{",
            *narrow,
            "}",
            f"@media (width >= {CARDS_BELOW}px) {{",
            *wide,
            "}",
            "",
        ]
    )


def _places(columns: Sequence[Column], layout: GridLayout) -> Iterator[str]:
    table = "  row-grid:not([data-ready]) #grid"
    left: int | None = 0
    for place, column in enumerate(columns):
        width = layout.widths.get(column.name)
        if width:
            yield f"{table} {_cells(column)} {{ width: {width}px; min-width: {width}px; max-width: {width}px; }}"
        if place < layout.frozen and left is not None:
            yield f"{table} {_cells(column)} {{ position: sticky; left: {left}px; z-index: 1; }}"
            # What is scrolled under it is not seen; any state of a cell has a colour of its own.
            yield f"  :where({table.strip()} tbody {_cells(column)}) {{ background: var(--surface); }}"
            yield f"{table} .head{_cells(column)} {{ z-index: 3; }}"
            left = left + width if width else None  # Where the next one stands is not known without it.


def _cells(column: Column) -> str:
    return f"[data-field={_quoted(column.name)}]"


def _quoted(text: str) -> str:
    """Return ``text`` as a string of a style sheet, whoever wrote it."""
    safe = (char if char.isalnum() or char in " -_%()/" else f"\\{ord(char):x} " for char in text)
    return f'"{"".join(safe)}"'
