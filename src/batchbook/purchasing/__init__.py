"""Purchasing: purchase orders, receipts and payables, the documents that shipped batch types make, with their pages.

Orders are placed with vendors, receipts have what came of them, and payables what vendors ask for it. Each is made by executing
a batch, which its page names; people look at documents, search and export them, and change nothing there. The models are public
(``batchbook.purchasing.models``), so that types of others can make documents, too. Quantities are whole units.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the pages. Needs ``batchbook.web``, ``batchbook.master`` and, for their links, ``batchbook.catalog``."""
    config.include("batchbook.purchasing.views")
