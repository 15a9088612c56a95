"""Vendor invoice: lines that are matched with what was received, and become a payable document once they add up."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the type."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.types.vendor_invoice.handler import VendorInvoiceHandler
    from batchbook.types.vendor_invoice.models import VendorInvoice

    config.add_batch_type(
        VendorInvoice,
        handler=VendorInvoiceHandler,
        view="batchbook.types.vendor_invoice.views.VendorInvoiceView",
    )
