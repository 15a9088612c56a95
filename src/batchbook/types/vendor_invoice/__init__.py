"""Vendor invoice: lines that are matched with what was received, and become a payable document once they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.vendor_invoice.handler import VendorInvoiceHandler as VendorInvoiceHandler
    from batchbook.types.vendor_invoice.models import InvoiceStatus as InvoiceStatus
    from batchbook.types.vendor_invoice.models import VendorInvoice as VendorInvoice
    from batchbook.types.vendor_invoice.models import VendorInvoiceRow as VendorInvoiceRow
else:
    __getattr__ = lazy_exports(__name__)


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
