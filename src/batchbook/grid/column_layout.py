"""The layout of a grid: which columns it shows, in which order and how wide, and how high its rows are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from batchbook.grid.columns import Column

#: The widths of a column, in CSS pixels, between which a person may choose.
NARROWEST, WIDEST = 32, 1200
#: The most columns that stay in sight when a grid is scrolled sideways.
MOST_FROZEN = 10


class Density(StrEnum):
    """The height of a grid's rows."""

    COMPACT = "compact"
    COMFORTABLE = "comfortable"


@dataclass(frozen=True)
class GridLayout:
    """A grid's layout, as a view declares it or as a person arranged it.

    ``order`` names columns in their order; those that it does not name come behind them, in the order of the grid. ``hidden``
    names columns that are not shown, ``shown`` columns that are shown although the grid hides them otherwise, such as those to
    filter by. The first ``frozen`` columns stay in sight when the grid is scrolled sideways. ``widths`` are in CSS pixels, by the
    name of the column; a column without one is as wide as its cells need.
    """

    order: Sequence[str] = ()
    hidden: Collection[str] = ()
    shown: Collection[str] = ()
    frozen: int = 1
    widths: Mapping[str, int] = field(default_factory=dict)
    density: Density = Density.COMPACT

    def check(self, columns: Sequence[Column]) -> None:
        """Raise ``ValueError`` where the layout names a column that is not one of ``columns``, or freezes too many."""
        unknown = {*self.order, *self.hidden, *self.shown, *self.widths} - {column.name for column in columns}
        if unknown:
            raise ValueError(f"the layout names {', '.join(sorted(unknown))}, which is no column of the grid")
        if not 0 <= self.frozen <= MOST_FROZEN:
            raise ValueError(f"the layout freezes {self.frozen} columns; 0 to {MOST_FROZEN} can be frozen")

    def arranged(self, columns: Sequence[Column]) -> list[Column]:
        """Return all of ``columns`` in order."""
        places = {name: place for place, name in enumerate(self.order)}
        return sorted(columns, key=lambda column: places.get(column.name, len(places)))

    def hides(self, column: Column, hidden: Collection[str] = ()) -> bool:
        """Return whether ``column`` is not shown; ``hidden`` names those that the grid hides unless a person shows them."""
        return column.name in self.hidden or (column.name in hidden and column.name not in self.shown)

    def visible(self, columns: Sequence[Column], hidden: Collection[str] = ()) -> tuple[Column, ...]:
        """Return those of ``columns`` that are shown, in order; the first of all if the layout leaves none."""
        arranged = self.arranged(columns)
        return tuple(one for one in arranged if not self.hides(one, hidden)) or tuple(arranged[:1])

    def to_json(self, columns: Sequence[Column], hidden: Collection[str] = ()) -> dict[str, Any]:
        """Return the layout of ``columns`` as JSON, as :meth:`from_json` reads it."""
        arranged = self.arranged(columns)
        frozen = {column.name for column in self.visible(columns, hidden)[: self.frozen]}
        return {
            "columns": [
                {
                    "name": column.name,
                    "width": self.widths.get(column.name),
                    "hidden": self.hides(column, hidden),
                    "frozen": column.name in frozen,
                }
                for column in arranged
            ],
            "density": self.density.value,
        }

    def changed_by(self, data: Any, columns: Sequence[Column]) -> GridLayout:
        """Return the layout with what ``data`` says: ``columns`` and ``density``, each of which may be missing.

        ``data`` is what :meth:`to_json` returned once, or was sent by anybody: what cannot be used is left out, and columns that
        are new since then are as in this layout. Frozen columns come first.
        """
        data = data if isinstance(data, dict) else {}
        known = {column.name for column in columns}
        density = next((one for one in Density if one == data.get("density")), self.density)
        sent = data.get("columns")
        found = {
            one["name"]: one
            for one in (sent if isinstance(sent, list) else ())
            if isinstance(one, dict) and isinstance(one.get("name"), str) and one["name"] in known
        }
        if not found:
            return replace(self, density=density)
        names = sorted(found, key=lambda name: found[name].get("frozen") is not True)
        hidden = {name for name in names if found[name].get("hidden") is True}
        frozen = [name for name in names if found[name].get("frozen") is True and name not in hidden]
        widths = {name: width for name in names if (width := _width(found[name].get("width")))}
        return GridLayout(
            order=names,
            hidden=hidden | {name for name in self.hidden if name not in found},
            shown=set(names) - hidden,
            frozen=min(len(frozen), MOST_FROZEN),
            widths={name: width for name, width in self.widths.items() if name not in found} | widths,
            density=density,
        )


#: The layout of a grid whose view declares none.
DEFAULT_LAYOUT = GridLayout()


def _width(width: Any) -> int | None:
    """Return a width that was sent, within the limits; ``None`` for anything that is none."""
    if isinstance(width, bool) or not isinstance(width, int | float) or not 0 < width < 1_000_000:
        return None
    return round(min(max(width, NARROWEST), WIDEST))
