"""Parsers of many texts of a column at once, with the same results as one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from batchbook.grid import Column, Conventions, Kind, parser_for
from batchbook.grid.columns import limits_of

#: The kinds whose texts are kept as written.
TEXT_KINDS = (Kind.TEXT, Kind.USER)

#: The number of different texts of a column that are cached with their values.
CACHE_SIZE = 20_000
#: Fewer texts than these are no evidence of how often one comes.
_FEWEST_TO_JUDGE = 100

#: A function that reads many texts; it raises ``CellError`` for one that is no value.
BulkParser = Callable[[Sequence[str]], list[Any]]


def bulk_parser(column: Column, conventions: Conventions) -> BulkParser:
    """Return a function that reads many texts of ``column`` at once, with the same results as its parser."""
    one_by_one = _CachingParser(parser_for(column, conventions))
    if column.kind in TEXT_KINDS:
        return _text_parser(column, parser_for(column, conventions))
    if column.kind is Kind.INTEGER:
        return _number_parser(column, r"[0-9]{1,18}", int, ".", one_by_one)
    if column.kind is Kind.DECIMAL and column.scale:
        sign = conventions.decimal_sign
        plain = rf"[0-9]{{1,18}}{re.escape(sign)}[0-9]{{{column.scale}}}"
        return _number_parser(column, plain, Decimal, sign, one_by_one)
    return one_by_one


def _text_parser(column: Column, parse: Callable[[str], Any]) -> BulkParser:
    longest, blank_is_text = column.max_length, column.blank == "" and not column.required

    def read(texts: Sequence[str]) -> list[Any]:
        found = [*map(str.strip, texts)]
        fits = longest is None or max(map(len, found), default=0) <= longest
        if not (fits and "".join(found).isprintable()):
            return [*map(parse, texts)]
        if blank_is_text or "" not in found:
            return found
        blank = parse("")  # It raises where the column needs a value.
        return [text or blank for text in found]

    return read


def _number_parser(
    column: Column, plain: str, kind: Callable[[str], Any], sign: str, fallback: BulkParser
) -> BulkParser:
    """Return a function that reads numbers if all match the pattern ``plain``, and else leaves them to ``fallback``."""
    all_plain = re.compile(rf"{plain}(?:\n{plain})*").fullmatch
    low, high = limits_of(column) or (None, None)
    least = [bound for bound in (low, column.minimum) if bound is not None]
    most = [bound for bound in (high, column.maximum) if bound is not None]

    def read(texts: Sequence[str]) -> list[Any]:
        together = "\n".join(texts)
        # A line end within a cell would make two of it.
        if not all_plain(together) or together.count("\n") != len(texts) - 1:
            return fallback(texts)
        values = [*map(kind, texts if sign == "." else together.replace(sign, ".").split("\n"))]
        smallest, largest = min(values), max(values)
        fits = all(smallest >= bound for bound in least) and all(largest <= bound for bound in most)
        return values if fits else fallback(texts)

    return read


class _CachingParser(dict[str, Any]):
    """A parser with a cache of texts that came before; it stops caching where hardly a text comes twice."""

    def __init__(self, parse: Callable[[str], Any]) -> None:
        super().__init__()
        self._parse = parse
        self._useful = True

    def __call__(self, texts: Sequence[str]) -> list[Any]:
        """Return the values of ``texts``; raise as the parser does."""
        if not self._useful:
            return [*map(self._parse, texts)]
        before = len(self)
        values = [*map(self.__getitem__, texts)]
        self._useful = (len(self) - before) * 2 < len(texts) or len(texts) < _FEWEST_TO_JUDGE
        if len(self) > CACHE_SIZE:
            self.clear()
        return values

    def __missing__(self, text: str) -> Any:
        value = self[text] = self._parse(text)
        return value
