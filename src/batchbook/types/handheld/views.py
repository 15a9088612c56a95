"""The pages of handhelds' files, whose form offers the types that they can become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import func, select

from batchbook.batches import BatchMasterView, BatchTypes, RowTable, types_made_by_execution
from batchbook.catalog.models import Vendor
from batchbook.forms import Field, Form
from batchbook.grid import Choice, GridLayout, Kind
from batchbook.purchasing.models import OrderState, PurchaseOrder
from batchbook.types.handheld.models import Handheld

#: The most devices, vendors and open orders that the form suggests.
_SUGGESTED = 500


class HandheldView(BatchMasterView):
    """Handhelds' files."""

    description = "What was scanned with a mobile device, from its file: it becomes a count, labels, an order or a delivery."
    row_table = RowTable(
        ("item_code", "description", "code", "quantity", "location", "scanned_at", "status"),
        filter_columns=("size", "unit", "lines", "line", "scanned", "clock"),
        layout=GridLayout(frozen=2, widths={"description": 184, "code": 146, "scanned_at": 136}),
    )
    grid_columns = (*BatchMasterView.grid_columns[:2], "device", *BatchMasterView.grid_columns[2:])
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "What was scanned": ("file", "pasted", "device", "repeated"),
        "What it becomes": ("becomes", "vendor_code", "order_number"),
        "About this batch": ("description", "notes"),
    }

    def form(self, record: Any | None) -> Form:
        """Return the header's form, with the types of which a batch can be made as choices."""
        types = self.request.services.get(BatchTypes)
        found = types_made_by_execution(types, self.batch_type.key)
        choices = tuple(Choice(one.key, one.title) for one in found)
        return Form(
            Field.from_column(replace(field.column, kind=Kind.CHOICE, choices=choices))
            if field.name == "becomes"
            else field
            for field in super().form(record).fields
        )

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the devices of earlier files, the latest first, codes of vendors, and numbers of open orders."""
        db, device = self.request.db, Handheld.device
        devices = select(device).where(device.is_not(None)).group_by(device)
        orders = select(PurchaseOrder.number).where(PurchaseOrder.state == OrderState.OPEN.value)
        return {
            "device": db.scalars(devices.order_by(func.max(Handheld.id).desc()).limit(_SUGGESTED)).all(),
            "vendor_code": db.scalars(select(Vendor.code).order_by(Vendor.code).limit(_SUGGESTED)).all(),
            "order_number": db.scalars(
                orders.order_by(PurchaseOrder.ordered_at.desc()).limit(_SUGGESTED)
            ).all(),
        }
