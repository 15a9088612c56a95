"""Handheld: the file of a mobile scanner, whose rows become a batch of another type when it is executed.

What it can become is up to the other types: the header offers each one that declares ``handheld`` among its sources, and whose
own header lacks nothing then. A package with another type joins them by a declaration of its handler::

    sources = (
        FromBatch(
            "handheld",
            columns={"item_code": "item_code", "quantity": "wanted"},
            header={"vendor_code": "vendor_code", "description": "description"},
            adds=("wanted",),
        ),
    )

Columns of rows that it may name:

==================  ===========================================================================
``item_code``       the product's, or the scanned code where the catalogue has none
``code``            the code as it was scanned
``quantity``        how many were scanned
``location``        the shelf or place, as the device has it
``lines``           how many lines of the file the row adds up
``scanned_at``      the time of the scan
``description``     the catalogue's, as are ``size`` and ``unit``
==================  ===========================================================================

and of the header: ``vendor_code``, ``order_number``, ``device``, ``description`` and ``notes``. With ``adds``, rows of the same
product are one in the new batch; without, each stays by itself, as a count wants them.

A type whose header needs more than that, such as the days of a promotion, may declare the source as well. It is made by people
then, who choose rows and fill in its form, and is not among those that the header offers.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the type.

    The types that it can become may be registered before or after it: they are looked up when a page or a command needs them.
    """
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.types.handheld.handler import HandheldHandler
    from batchbook.types.handheld.models import Handheld

    config.add_batch_type(
        Handheld, handler=HandheldHandler, view="batchbook.types.handheld.views.HandheldView"
    )
