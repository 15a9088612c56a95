"""The pages of product removals, declared as data.

The rows' columns are those of :mod:`batchbook.types.delete_product.models`, which a refresh fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from batchbook.batches import BatchMasterView, RowTable
from batchbook.grid import GridLayout


class DeleteProductView(BatchMasterView):
    """Removals of products.

    Staff make them of a list, by scanning, or of products that they chose in the list of products; administrators execute them.

    The next step and the status are in sight beside an open panel, at 1440 pixels: they tell what happens to a product, and what
    is in the way.
    """

    description = "Products that are no longer sold: they are taken off sale, and deleted after a while if nothing refers to them."
    row_table = RowTable(
        (
            "item_code",
            "description",
            "size",
            "step",
            "status",
            "active",
            "on_hand",
            "on_order",
            "changed_at",
            "price",
        ),
        filter_columns=(
            "department",
            "vendor",
            "in_batches",
            "documents",
            "records",
            "line",
        ),
        layout=GridLayout(frozen=2, widths={"description": 200}),
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "From a list": ("file", "pasted"),
        "Options": ("inactive_days", "description", "notes"),
    }
