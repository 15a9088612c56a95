"""The codes of vendors: which vendor a code means, and which product one of the vendor's own item codes means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches import Block
from batchbook.catalog.products import Product, Vendor, VendorItem
from batchbook.db import key_form, spelled_like
from batchbook.errors import BadInput
from batchbook.words import quoted_list


def vendor_called(session: Session, code: str) -> str:
    """Return the code of the vendor that ``code`` means, as the vendor has it; raise ``BadInput`` if there is none.

    Codes that differ in case, blanks, width or Unicode form only mean the same vendor.
    """
    found = spelled_like(session, Vendor.code, code)
    if len(found) == 1:
        return found[0]
    known = f" It may be {quoted_list(found)}." if found else ""
    raise BadInput(f"There is no vendor “{code}”.{known} The list of vendors has their codes.")


@dataclass(frozen=True)
class VendorCodes:
    """The item codes of products by a vendor's own item codes, which may be written otherwise in case, blanks, width or form."""

    codes: Mapping[str, str]

    @classmethod
    def of(cls, session: Session, vendor_code: str) -> Self:
        """Return those of the items of the vendor with the code ``vendor_code``, by one statement."""
        found = (
            select(VendorItem.vendor_item_code, Product.item_code)
            .join(VendorItem.product)
            .join(VendorItem.vendor)
            .where(Vendor.code == vendor_code, VendorItem.vendor_item_code.is_not(None))
            .order_by(VendorItem.id)
        )
        return cls({key_form(own): item_code for own, item_code in session.execute(found) if own is not None})

    def item_code(self, own: str | None) -> str | None:
        """Return the item code of the product that the vendor knows as ``own``; ``None`` if it is not known."""
        return None if own is None else self.codes.get(key_form(own))

    def filled(
        self, block: Block, *, own: str = "vendor_item_code", upc: str = "upc", key: str = "item_code"
    ) -> Block:
        """Return ``block``, rows of a vendor's list, with a code of each row's product in the column ``key``.

        It is the one that the list has there or, by the vendor's code in the column ``own``, that of the vendor's item. Where
        neither is there, it is the bar code in the column ``upc``, by which a lookup may find the product, or the vendor's code as
        it stands. Raises ``BadInput`` for a list with none of these columns.
        """
        if not {own, upc, key} & {*block.columns}:
            raise BadInput(
                "No column of the list has item codes, UPCs or the vendor's own codes, so its items are not known. Match one"
                " of these columns on the page of the file."
            )
        nothing: Sequence[Any] = [None] * len(block)
        given = zip(*(block.values.get(name, nothing) for name in (key, own, upc)), strict=True)
        found = [code or self.item_code(theirs) or bar or theirs or "" for code, theirs, bar in given]
        return Block.of_columns({**block.values, key: found})
