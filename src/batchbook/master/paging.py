"""Lists that are shown in numbered pages or from a number on, which the address of the page has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from batchbook.web.request import Request

_Item = TypeVar("_Item")

#: The number of digits of the longest number that addresses have; every database stores it as an integer.
_MOST_DIGITS = 9


def whole_number(text: str) -> int | None:
    """Return the number that ``text``, from an address or a form, writes in digits; ``None`` for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


@dataclass(frozen=True)
class NumberedPage:
    """One of the pages of a list: its ``number``, that of the ``last`` page, and the ``size`` of each in items.

    Pages are numbered from 1; a list without items has one page, which is empty.
    """

    number: int
    last: int
    size: int

    @classmethod
    def of(cls, request: Request, total: int, size: int) -> NumberedPage:
        """Return the page that ``page`` in the query names, of a list of ``total`` items.

        It is the nearest one that exists, and the first one where the query names none.
        """
        last = max(1, -(-total // size))
        wanted = whole_number(request.GET.get("page", "")) or 1
        return cls(min(wanted, last), last, size)

    @property
    def first(self) -> int:
        """The place in the list of the first item on the page, from 0."""
        return (self.number - 1) * self.size

    def items(self, listed: Sequence[_Item]) -> Sequence[_Item]:
        """Return the items of ``listed``, the whole list, that are on the page."""
        return listed[self.first : self.first + self.size]
