"""The layout of one grid as a person arranged it: remembered, and as a style sheet that needs no script."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from batchbook.grid import Column, GridLayout
from batchbook.master.grid_settings import forget, recall, remember
from batchbook.master.models import SavedView

#: The width of a window, in CSS pixels, below which the rows of a grid are cards.
CARDS_BELOW = 700


@dataclass
class PersonalLayout:
    """The layout that ``user`` arranged for the grid called ``key``, or the ``declared`` one until then.

    While the user looks at a saved ``view`` that has columns of its own, these take the place of the user's: what is arranged then
    is remembered for the view as it is now, and neither the user's own layout nor the view changes by it.

    ``hidden`` names those of its ``columns`` that it hides unless the user shows them. ``layout_url`` is where the layout is posted to,
    and has the style sheet; empty where columns cannot be arranged.
    """

    db: Session
    user: str | None
    key: str
    columns: Sequence[Column]
    hidden: Collection[str]
    declared: GridLayout
    layout_url: str
    view: SavedView | None = None
    known: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address that the layout is posted to."""
        view = self._view
        return f"{self.layout_url}?saved={view.id}" if view and self.layout_url else self.layout_url

    @cached_property
    def layout(self) -> GridLayout:
        """The layout of all columns."""
        return self._base.changed_by(self._recalled(self._layout_key), self.columns)

    @cached_property
    def _base(self) -> GridLayout:
        """The layout until the user arranges it: the declared one, or the user's own with the columns of the view."""
        if self._view is None:
            return self.declared
        own = self.declared.changed_by(self._recalled("layout"), self.columns)
        return own.changed_by({"columns": self._view.columns}, self.columns)

    @property
    def _layout_key(self) -> str:
        return f"layout.{self._view.id}-{self._view.version}" if self._view else "layout"

    @property
    def _view(self) -> SavedView | None:
        """The view, if it has columns."""
        return self.view if self.view is not None and self.view.columns is not None else None

    @property
    def arranged(self) -> list[dict[str, Any]]:
        """The columns with their order and widths, and which are hidden and frozen, as a saved view keeps them."""
        return self._columns_of(self.layout)

    @property
    def is_changed(self) -> bool:
        """Whether the columns are arranged otherwise than in the view."""
        return self._view is not None and self._columns_of(self._base) != self.arranged

    def _columns_of(self, layout: GridLayout) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = layout.to_json(self.columns, self.hidden)["columns"]
        return found

    @cached_property
    def visible(self) -> tuple[Column, ...]:
        """The columns that are shown, in order."""
        return self.layout.visible(self.columns, self.hidden)

    @cached_property
    def style(self) -> str:
        """The style sheet of the table."""
        return layout_style(self.visible, self.layout)

    @property
    def style_url(self) -> str:
        """The address of the style sheet, another one when it changes; empty where the grid has none."""
        sign = "&" if "?" in self.url else "?"
        return f"{self.url}{sign}{sha256(self.style.encode()).hexdigest()[:16]}" if self.url else ""

    def attributes(self, column: Column) -> Markup:
        """Return the attributes of the heading of a visible ``column``: its width in CSS pixels, and whether it stays in sight."""
        width = self.layout.widths.get(column.name)
        attributes = Markup(' data-width="{}"').format(width) if width else Markup()
        is_frozen = column in self.visible[: self.layout.frozen]
        return attributes + Markup(" data-frozen") if is_frozen else attributes

    def remember(self, sent: Mapping[str, Any]) -> None:
        """Remember the columns and the density of rows in ``sent``; one that it does not have stays as it was."""
        if self.user and ("columns" in sent or "density" in sent):
            layout = self.layout.changed_by(sent, self.columns)
            stored = layout.to_json(self.columns, self.hidden)
            remember(self.db, self.user, f"{self._layout_key}.{self.key}", stored)

    def reset(self) -> None:
        """Forget how the user arranged the columns; the page around them stays as it is."""
        if self.user:
            forget(self.db, self.user, f"{self._layout_key}.{self.key}")

    def _recalled(self, what: str) -> dict[str, Any]:
        name = f"{what}.{self.key}"
        if name in self.known or not self.user:
            return self.known.get(name) or {}
        return recall(self.db, self.user, name) or {}


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
