"""Products of the catalogue that a proposed one may be: by likeness of description, size and brand, and codes of bar codes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum import ean

from batchbook.batches import MatchedRecords, RowProxy, SimilarRecords
from batchbook.catalog.models import Product
from batchbook.db import fold

#: The least similarity of two descriptions that may mean the same product, from 0 to 1.
_LEAST = 0.85
#: A description and size that more products than these have in common tells nothing about a further one.
_TELLING = 3
#: The number of values in one statement.
_AT_ONCE = 10_000
#: The lengths of the numbers in bar codes: GTIN-8, UPC-A, EAN-13 and GTIN-14.
_LENGTHS = (8, 12, 13, 14)

_RECORDS = MatchedRecords(
    key=Product.item_code, title="product", permission="products:view", description=Product.description
)


@dataclass(frozen=True)
class LikeProduct:
    """A product that a proposed one may be: its item code, description and size."""

    item_code: str
    description: str
    size: str | None

    @property
    def words(self) -> str:
        """The description with the size, unless it has that already."""
        if not self.size or fold(self.size) in fold(self.description):
            return self.description
        return f"{self.description}, {self.size}"


class LikeProducts:
    """Finds products that are like proposed ones; the words of their descriptions are looked up in an index."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._similar = SimilarRecords[int](session, _RECORDS)

    def update_index(self) -> None:
        """Bring the index up to date with the catalogue; that reads the item codes of all products."""
        self._similar.update_index()

    def find(self, rows: Sequence[RowProxy]) -> dict[int, LikeProduct]:
        """Return by their numbers those of ``rows`` that may be a product of the catalogue, each with the likeliest one.

        The descriptions are similar, and the sizes are the same, as are the brands where both have one. Products of the kind
        of which the catalogue has several with the same words and size are not told apart by these, so they are left out.
        """
        texts = {row.sequence: row.description for row in rows if row.description}
        similar = self._similar.find(texts, least=_LEAST, most=50)
        wanted = sorted({one.record_id for found in similar.values() for one in found})
        facts = select(Product.id, Product.item_code, Product.description, Product.size, Product.brand)
        products = {
            row.id: row
            for first in range(0, len(wanted), _AT_ONCE)
            for row in self._session.execute(facts.where(Product.id.in_(wanted[first : first + _AT_ONCE])))
        }
        like = {}
        for row in rows:
            candidates = [products.get(one.record_id) for one in similar.get(row.sequence, ())]
            same = [one for one in candidates if one and _is_like(row, one)]
            if 0 < len(same) <= _TELLING:
                like[row.sequence] = LikeProduct(same[0].item_code, same[0].description, same[0].size)
        return like


def _is_like(row: Any, product: Any) -> bool:
    """Return whether sizes and brands allow that ``row`` is ``product``: both have ``size`` and ``brand``."""
    if row.brand and product.brand and fold(row.brand.strip()) != fold(product.brand.strip()):
        return False
    return comparable_size(row.size) == comparable_size(product.size)


_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)([^\d.,/]*)")
#: Units that are multiples of others, with the number of these.
_MULTIPLES = {
    "kg": ("g", 1000),
    "l": ("ml", 1000),
    "lt": ("ml", 1000),
    "ltr": ("ml", 1000),
    "dl": ("ml", 100),
    "cl": ("ml", 10),
    "lb": ("oz", 16),
    "lbs": ("oz", 16),
    "dz": ("ct", 12),
    "doz": ("ct", 12),
}


def comparable_size(text: str | None) -> tuple[Decimal | None, str]:
    """Return a size in the form in which sizes are compared: its number and unit, of 1 KG as of 1,000 g; else its text.

    The text is without blanks and points, in small letters; empty for none.
    """
    plain = "".join(fold(text or "").split()).rstrip(".")
    found = _SIZE.fullmatch(plain)
    if found is None:
        return None, plain
    number, unit = Decimal(found[1].replace(",", ".")), found[2]
    base, times = _MULTIPLES.get(unit, (unit, 1))
    return (number * times).normalize(), base


def plain_code(text: str) -> str:
    """Return the number of a bar code without the signs that people write in it, and without zeros of a longer form.

    A scanner reads the twelve digits of a UPC as thirteen, with a zero before them.
    """
    plain: str = ean.compact(text)
    while len(plain) > _LENGTHS[1] and plain.startswith("0") and len(plain) in _LENGTHS:
        plain = plain[1:]
    return plain


def codes_alike(code: str) -> set[str]:
    """Return the forms in which the catalogue may have ``code``: with and without zeros before it."""
    digits = code.lstrip("0")
    return {digits.zfill(length) for length in _LENGTHS if length >= len(digits)}


def code_problem(code: str) -> tuple[str, list[str]] | None:
    """Return a sentence about the number of a bar code that is none, and numbers that may be meant; ``None`` if it is one.

    The check digit is the one that GS1 General Specifications, section 7.9, define, computed by python-stdnum.
    """
    if not (code.isascii() and code.isdigit()):
        return "A UPC/EAN has digits only.", []
    if len(code) in _LENGTHS:
        right = ean.calc_check_digit(code[:-1])
        if right == code[-1]:
            return None
        return f"The check digit, the last one, should be {right}. A digit may be mistyped.", [
            code[:-1] + right
        ]
    padded = (code.zfill(length) for length in _LENGTHS if length > len(code))
    meant = [next((one for one in padded if ean.is_valid(one)), "")]
    if len(code) + 1 in _LENGTHS:
        meant.append(code + ean.calc_check_digit(code))
    return (
        f"A UPC/EAN has 8, 12, 13 or 14 digits, and this has {len(code)}: zeros before it or its check digit may be missing.",
        [one for one in meant if one],
    )
