"""The pages of inventory counts, declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import select

from batchbook.batches import BatchMasterView, RowTable
from batchbook.catalog.models import Department
from batchbook.grid import GridLayout

#: Reasons that a count often has.
_REASONS = (
    "Yearly count",
    "Cycle count",
    "Damaged",
    "Expired",
    "Stolen",
    "Delivery not booked",
    "Wrong item booked",
)


class InventoryCountView(BatchMasterView):
    """Inventory counts."""

    description = "What lies on the shelves is counted by scanning, on a sheet or from a file, and becomes the quantity on hand."
    row_table = RowTable(
        (
            "item_code", "description", "counted", "counted_again", "agreed", "on_hand", "moved", "difference", "value", "status",
            "reason",
        ),
        filter_columns=("total", "expected", "size", "department", "unit", "cost", "line"),
        layout=GridLayout(
            frozen=2, hidden=("agreed",), widths={"description": 180, "reason": 140}
        ),
    )  # fmt: skip
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "A sheet of a department": ("department",),
        "Or a file, such as one from a handheld": ("file", "pasted"),
        "Options": ("counts", "first_counter", "second_counter", "reason", "description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the names of the departments, and common reasons."""
        names = self.request.db.scalars(select(Department.name).order_by(Department.name)).all()
        return {"department": names, "reason": _REASONS}
