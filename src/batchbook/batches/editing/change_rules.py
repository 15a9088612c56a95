"""Rules by which a column changes in many rows: set, add, per cent, rounding, series, copying, letters, and replacing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from enum import StrEnum
from functools import partial
from itertools import count
from typing import Any, Self

from batchbook.batches.editing.field_changes import READ_ONLY, cell_text, editable_by_name, edited_by_name
from batchbook.batches.editing.problems import cell_columns
from batchbook.batches.editing.timed_pattern import TOGETHER, TimedPattern
from batchbook.batches.models import BatchRow
from batchbook.batches.policies.field_rules import FieldAccess
from batchbook.errors import BadInput
from batchbook.grid import CANONICAL, Column, Conventions, Kind, NumberFormat, parse, shown_text, to_text
from batchbook.grid.columns import NUMERIC_KINDS
from batchbook.grid.number_formats import canonical_number
from batchbook.grid.parsers import CellError, quoted
from batchbook.grid.rounding import Rounding, rounded

_NUMBERS, _DECIMALS, _TEXTS = NUMERIC_KINDS, frozenset({Kind.DECIMAL}), frozenset({Kind.TEXT})


#: Calculates with all digits of the longest numbers that people can give.
_EXACT = Context(prec=200)


class Rule(StrEnum):
    """A rule by which the cells of a column change; ``label`` names it for people."""

    SET = "set"
    ADD = "add"
    PERCENT = "percent"
    ROUND = "round"
    SERIES = "series"
    COPY = "copy"
    UPPER = "upper"
    LOWER = "lower"
    TRIM = "trim"
    REPLACE = "replace"

    @property
    def label(self) -> str:
        """The rule as a heading."""
        return _LABELS[self]

    @property
    def kinds(self) -> frozenset[Kind] | None:
        """The kinds of columns for which it makes sense; ``None`` for all."""
        return _KINDS.get(self)


_LABELS = {
    Rule.SET: "Set",
    Rule.ADD: "Add or subtract",
    Rule.PERCENT: "Change by per cent",
    Rule.ROUND: "Round",
    Rule.SERIES: "Number in a series",
    Rule.COPY: "Copy another column",
    Rule.UPPER: "Upper case",
    Rule.LOWER: "Lower case",
    Rule.TRIM: "Trim blanks",
    Rule.REPLACE: "Find and replace",
}
_KINDS = {
    Rule.ADD: _NUMBERS,
    Rule.PERCENT: _NUMBERS,
    Rule.ROUND: _DECIMALS,
    Rule.SERIES: _NUMBERS,
    Rule.UPPER: _TEXTS,
    Rule.LOWER: _TEXTS,
    Rule.TRIM: _TEXTS,
}


#: The rules whose texts go into cells as they were typed, and those that calculate with the numbers in them.
_TYPED = frozenset({Rule.SET, Rule.REPLACE})
_CALCULATING = frozenset({Rule.ADD, Rule.PERCENT, Rule.SERIES})


@dataclass(frozen=True)
class ColumnChange:
    """A change of ``columns``, by name, with what its ``rule`` needs.

    ``value`` is the text to set, or the number to add or of per cent, the rounding, the first number of a series, whose step
    is the ``replacement``, the column to copy, or the text to find, which is replaced by ``replacement``: in the ``whole`` cell or in a part of it, with ``match_case`` or in any case,
    as it is or as a ``regex``. Numbers are typed in the format ``numbers``.
    """

    rule: Rule
    columns: Sequence[str]
    value: str = ""
    replacement: str = ""
    whole: bool = False
    match_case: bool = False
    regex: bool = False
    numbers: str = NumberFormat.POINT.value

    @property
    def conventions(self) -> Conventions:
        """The signs of the numbers in it."""
        return NumberFormat(self.numbers).conventions

    @property
    def conventions_of_texts(self) -> Conventions:
        """The signs of numbers in the texts that :meth:`applied_to` returns: those typed into it are as they were typed."""
        return self.conventions if self.rule in _TYPED else CANONICAL

    def canonical(self) -> Self:
        """Return the change with the canonical texts of numbers with which it calculates; raise ``BadInput`` if one is none."""
        if self.rule not in _CALCULATING or self.conventions == CANONICAL:
            return self
        value, replacement = (self._canonical(text) for text in (self.value, self.replacement))
        return replace(self, value=value, replacement=replacement, numbers=NumberFormat.POINT.value)

    def _canonical(self, text: str) -> str:
        try:
            return canonical_number(text.strip(), self.conventions) if text.strip() else text
        except CellError:
            raise _no_number(text, self.conventions.decimal_sign) from None

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain data."""
        return asdict(self) | {"columns": [*self.columns]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the change that :meth:`to_json` returned."""
        return cls(**{**data, "rule": Rule(data["rule"])})

    @property
    def words(self) -> str:
        """The change, as the end of a sentence."""
        value = quoted(self.value) if self.value else "empty"
        if self.rule is Rule.REPLACE:
            return f"{value} replaced by {quoted(self.replacement) if self.replacement else 'nothing'}"
        if self.rule is Rule.SET:
            return f"set to {value}"
        if self.rule is Rule.PERCENT:
            return f"changed by {self.value} %"
        if self.rule is Rule.ADD:
            amount = self.value.strip()
            return f"decreased by {amount[1:]}" if amount.startswith("-") else f"increased by {amount}"
        return {
            Rule.ROUND: "rounded",
            Rule.SERIES: f"numbered from {self.value.strip()} in steps of {self.replacement.strip() or '1'}",
            Rule.COPY: f"copied from {value}",
            Rule.UPPER: "in upper case",
            Rule.LOWER: "in lower case",
            Rule.TRIM: "without needless blanks",
        }[self.rule]

    @contextmanager
    def applied_to(
        self, row: type[BatchRow], access: FieldAccess, *, timed: bool = True
    ) -> Iterator[Callable[[Any], dict[str, str]]]:
        """Yield the function that returns the new texts, by field, of a row; cells that stay as they are have none.

        The columns are those that somebody with ``access`` may edit, and the one that is copied is one that they see.

        A regular expression has a limited time for all rows if ``timed``. Raises ``BadInput`` for a change that cannot be
        made; also within the block, where a regular expression takes too long.
        """
        columns = changeable(row, self, access)
        if self.rule is Rule.REPLACE and self.regex:
            _demand(self.value, "a pattern to find")
            with TimedPattern(
                self.value,
                self.replacement,
                ignore_case=not self.match_case,
                whole=self.whole,
                together=TOGETHER if timed else None,
            ) as pattern:
                yield partial(
                    _new_texts, columns, self._as_shown(lambda _column, text, _row: pattern.replaced(text))
                )
        else:
            yield partial(_new_texts, columns, self.canonical()._rule_for(row, access))

    def _rule_for(self, row: type[BatchRow], access: FieldAccess) -> Callable[[Column, str, Any], str]:
        """Return the function that gives the new text for a column, its text, and the row."""
        rule, value = self.rule, self.value.strip()
        if rule is Rule.SET:
            return lambda _column, _text, _row: value
        if rule in (Rule.ADD, Rule.PERCENT):
            number = _number(value)
            return lambda column, text, _row: _calculated(column, text, rule, number)
        if rule is Rule.ROUND:
            if value not in list(Rounding):
                raise BadInput("Choose how prices are rounded. Nothing was changed.")
            rounding = Rounding(value)
            return lambda column, text, _row: _rounded(column, text, rounding)
        if rule is Rule.SERIES:
            # Rows come once and in their order.
            numbers: Iterator[Any] = count(_number(value), _number(self.replacement.strip() or "1"))
            return lambda column, _text, _row: _in_column(column, next(numbers))
        if rule is Rule.COPY:
            source = _source(row, value, access)
            return lambda _column, _text, found: to_text(source, getattr(found, source.name))
        if rule is Rule.REPLACE:
            return self._replacer()
        return _LETTERS[rule]

    def _as_shown(self, change: Callable[[Column, str, Any], str]) -> Callable[[Column, str, Any], str]:
        """Return the function that replaces in the texts that the person sees; a text without a match stays canonical."""
        conventions = self.conventions
        if conventions == CANONICAL:
            return change

        def changed(column: Column, text: str, row: Any) -> str:
            shown = shown_text(column, text, conventions)
            new = change(column, shown, row)
            return text if new == shown else new

        return changed

    def _replacer(self) -> Callable[[Column, str, Any], str]:
        _demand(self.value, "a text to find")
        # What is found is escaped, so that searching takes no longer than the text is long.
        found = re.compile(re.escape(self.value), 0 if self.match_case else re.IGNORECASE)
        if self.whole:
            return self._as_shown(
                lambda _column, text, _row: self.replacement if found.fullmatch(text) else text
            )
        return self._as_shown(lambda _column, text, _row: found.sub(lambda _match: self.replacement, text))


_LETTERS: dict[Rule, Callable[[Column, str, Any], str]] = {
    Rule.UPPER: lambda _column, text, _row: text.upper(),
    Rule.LOWER: lambda _column, text, _row: text.lower(),
    Rule.TRIM: lambda _column, text, _row: re.sub(r"[^\S\n]+", " ", text).strip(),
}


def changeable(row: type[BatchRow], change: ColumnChange, access: FieldAccess) -> list[Column]:
    """Return the columns of ``change``; raise ``BadInput`` if one of them cannot be edited with ``access``, or not by its rule."""
    editable = editable_by_name(row, access)
    for name in change.columns:
        if name not in editable and name in (seen := edited_by_name(row, access)):
            raise BadInput(f"{seen[name].label} {READ_ONLY} Nothing was changed.")
    columns = [editable[name] for name in dict.fromkeys(change.columns) if name in editable]
    if not columns or len(columns) < len(set(change.columns)):
        raise BadInput("Choose a column that can be edited. Nothing was changed.")
    for column in columns:
        if not fits(change.rule, column):
            raise BadInput(f"“{change.rule.label}” makes no sense for {column.label}. Nothing was changed.")
    return columns


def fits(rule: Rule, column: Column) -> bool:
    """Return whether ``rule`` makes sense for ``column``."""
    return rule.kinds is None or column.kind in rule.kinds


def _new_texts(
    columns: Sequence[Column], change: Callable[[Column, str, Any], str], row: Any
) -> dict[str, str]:
    """Return the texts that ``change`` makes of those of ``row``, by the name of the column; without those that stay."""
    found = {}
    for column in columns:
        text = cell_text(column, row)
        new = change(column, text, row)
        if new != text:
            found[column.name] = new
    return found


def _calculated(column: Column, text: str, rule: Rule, number: Decimal) -> str:
    try:
        before = Decimal(parse(column, text))
    except (CellError, TypeError):  # Empty, or no number.
        return text
    if rule is Rule.ADD:
        return _in_column(column, _EXACT.add(before, number))
    return _in_column(column, _EXACT.multiply(before, _EXACT.add(100, number)).scaleb(-2, _EXACT))


def _in_column(column: Column, exact: Decimal) -> str:
    """Return ``exact`` as a text with the digits of ``column``; what lies half way goes away from zero."""
    scale = 0 if column.kind is Kind.INTEGER else column.scale
    unit = Decimal(1).scaleb(-10 if scale is None else -scale)
    # Adding nothing takes the sign off a zero.
    return format(_EXACT.add(exact.quantize(unit, ROUND_HALF_UP, _EXACT), 0), "f")


def _rounded(column: Column, text: str, rounding: Rounding) -> str:
    try:
        before = parse(column, text)
    except CellError:
        return text
    return text if before is None else to_text(column, rounded(before, rounding))


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text) if len(text) <= 40 else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 40:
        raise _no_number(text, ".")
    return number


def _no_number(text: str, sign: str) -> BadInput:
    return BadInput(f"{quoted(text)} is not a number, so nothing was changed. Write it as 2{sign}5 or -3.")


def _source(row: type[BatchRow], name: str, access: FieldAccess) -> Column:
    source = cell_columns(row, access).get(name)
    if source is None:
        raise BadInput("Choose the column to copy. Nothing was changed.")
    return source


def _demand(text: str, what: str) -> None:
    if not text:
        raise BadInput(f"Give {what}. Nothing was changed.")
