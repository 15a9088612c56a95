"""The pages of price promotions, declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import func, select

from batchbook.batches import BatchMasterView, RowTable
from batchbook.grid import GridLayout
from batchbook.types.price_promotion.models import PricePromotion

#: The number of earlier names that the form suggests.
_NAMES = 50


class PricePromotionView(BatchMasterView):
    """Price promotions, with their names and days; returns of prices are among them.

    The grid shows what customers save; the price in the catalogue is what only a return needs, so it is there to be shown or
    filtered by.
    """

    description = "Prices from one day to another. A second batch gives the regular prices back when the last day is over."
    row_table = RowTable(
        ("item_code", "description", "regular_price", "promotion_price", "saving_percent"),
        filter_columns=("current_price", "line"),
        layout=GridLayout(frozen=2, widths={"description": 220}),
    )
    grid_columns = (
        *BatchMasterView.grid_columns[:1],
        "name",
        "starts_on",
        "ends_on",
        "returns",
        *BatchMasterView.grid_columns[1:],
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "Promotion": ("name", "starts_on", "ends_on"),
        "Products from a list, or added later": ("file", "pasted"),
        "Prices": ("discount", "rounding"),
        "Options": ("description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the names of earlier promotions, the latest first: the same sale may come again."""
        name = PricePromotion.name
        latest = select(name).group_by(name).order_by(func.max(PricePromotion.id).desc()).limit(_NAMES)
        return {"name": self.request.db.scalars(latest).all()}
