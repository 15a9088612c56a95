"""The style sheet of one grid: widths, frozen columns and labels as a person arranged them, which needs no script.

A style sheet of its own, because a page may not have styles in it (``security.view_rules``), and because it says once what
each cell would have to say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from batchbook.grid import Column, GridLayout

#: The width of a window, in CSS pixels, below which the rows of a grid are cards.
CARDS_BELOW = 700


def layout_style(columns: Sequence[Column], layout: GridLayout) -> str:
    """Return the style sheet of ``table#grid``, which shows ``columns`` in this order.

    In narrow windows, where rows are cards, it has the labels of the cells; in others the widths of columns and, as far as they
    are known, the places of frozen ones, until ``js/grid/row-grid.js`` is in charge of both.
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


def style_version(style: str) -> str:
    """Return a short text that is another one for another style sheet, as a part of its address."""
    return sha256(style.encode()).hexdigest()[:16]


def _places(columns: Sequence[Column], layout: GridLayout) -> Iterator[str]:
    table = "  row-grid:not([data-ready]) #grid"
    left: int | None = 0
    for place, column in enumerate(columns):
        width = layout.widths.get(column.name)
        if width:
            yield f"{table} {_cells(column)} {{ width: {width}px; min-width: {width}px; max-width: {width}px; }}"
        if place < layout.frozen and left is not None:
            yield f"{table} {_cells(column)} {{ position: sticky; left: {left}px; z-index: 1; }}"
            yield f"{table} .head{_cells(column)} {{ z-index: 3; }}"
            left = left + width if width else None  # Where the next one stands is not known without it.


def _cells(column: Column) -> str:
    return f"[data-field={_quoted(column.name)}]"


def _quoted(text: str) -> str:
    """Return ``text`` as a string of a style sheet, whoever wrote it."""
    safe = (char if char.isalnum() or char in " -_%()/" else f"\\{ord(char):x} " for char in text)
    return f'"{"".join(safe)}"'
