"""Reading many cells of a column at once, where all of them are plain: each at a fraction of what a parser takes.

Whatever is not plain is for the parser of the column, so a value never depends on which way it was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from batchbook.grid import Column, Conventions, Kind, parser_for
from batchbook.grid.columns import limits_of

#: The kinds whose texts are kept as written.
TEXTS = (Kind.TEXT, Kind.USER)

#: How many different texts of a column are kept with what they mean.
KEPT = 20_000
#: Fewer texts than these say nothing about how often one comes.
_FEW = 100

#: Reads many texts; raises ``CellError`` for one of them that is no value.
Quick = Callable[[Sequence[str]], list[Any]]


def quick_reader(column: Column, conventions: Conventions) -> Quick:
    """Return what reads many texts of ``column`` at once, as its parser does one by one."""
    one_by_one = _Memory(parser_for(column, conventions))
    if column.kind in TEXTS:
        return _texts(column, parser_for(column, conventions))
    if column.kind is Kind.INTEGER:
        return _numbers(column, r"[0-9]{1,18}", int, ".", one_by_one)
    if column.kind is Kind.DECIMAL and column.scale:
        sign = conventions.decimal_sign
        plain = rf"[0-9]{{1,18}}{re.escape(sign)}[0-9]{{{column.scale}}}"
        return _numbers(column, plain, Decimal, sign, one_by_one)
    return one_by_one


def _texts(column: Column, parse: Callable[[str], Any]) -> Quick:
    longest, blank_is_text = column.max_length, column.blank == "" and not column.required

    def read(texts: Sequence[str]) -> list[Any]:
        found = [*map(str.strip, texts)]
        fits = longest is None or max(map(len, found), default=0) <= longest
        if not (fits and "".join(found).isprintable()):
            return [*map(parse, texts)]
        if blank_is_text or "" not in found:
            return found
        blank = parse("")  # It says so where the column needs a value.
        return [text or blank for text in found]

    return read


def _numbers(column: Column, plain: str, kind: Callable[[str], Any], sign: str, otherwise: Quick) -> Quick:
    """Return what reads numbers, all of them written as the pattern ``plain``; else ``otherwise`` does."""
    all_plain = re.compile(rf"{plain}(?:\n{plain})*").fullmatch
    low, high = limits_of(column) or (None, None)
    least = [bound for bound in (low, column.minimum) if bound is not None]
    most = [bound for bound in (high, column.maximum) if bound is not None]

    def read(texts: Sequence[str]) -> list[Any]:
        together = "\n".join(texts)
        # A line end within a cell would make two of it.
        if not all_plain(together) or together.count("\n") != len(texts) - 1:
            return otherwise(texts)
        values = [*map(kind, texts if sign == "." else together.replace(sign, ".").split("\n"))]
        smallest, largest = min(values), max(values)
        fits = all(smallest >= bound for bound in least) and all(largest <= bound for bound in most)
        return values if fits else otherwise(texts)

    return read


class _Memory(dict[str, Any]):
    """Knows what texts mean that it met before; useless where hardly a text comes twice, which it finds out."""

    def __init__(self, parse: Callable[[str], Any]) -> None:
        super().__init__()
        self._parse = parse
        self._useful = True

    def __call__(self, texts: Sequence[str]) -> list[Any]:
        """Return what ``texts`` mean; raise as the parser does."""
        if not self._useful:
            return [*map(self._parse, texts)]
        before = len(self)
        values = [*map(self.__getitem__, texts)]
        self._useful = (len(self) - before) * 2 < len(texts) or len(texts) < _FEW
        if len(self) > KEPT:
            self.clear()
        return values

    def __missing__(self, text: str) -> Any:
        value = self[text] = self._parse(text)
        return value
