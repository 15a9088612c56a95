"""The effect of a scan on a batch, decided before anything is stored: a row that is added, or a number of a row that grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import case, inspect, select

from batchbook.batches.editing.field_changes import Change, columns_named, editable_by_name, text_in
from batchbook.batches.editing.new_rows import refuse_additions
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.hook_guard import telling_failure
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.quick_entry import QuickEntry
from batchbook.batches.rows.issues import issues_of
from batchbook.batches.rows.row_values import RowValues
from batchbook.batches.rows.scope import RowProxy
from batchbook.batches.scans import Scan, read_scan
from batchbook.errors import BadInput, Misuse
from batchbook.grid import (
    CANONICAL,
    CellError,
    Column,
    Conventions,
    columns_of,
    parse,
    render,
    shown_text,
    to_text,
)
from batchbook.statuses import Severity, Status
from batchbook.words import storable

#: The most characters of a scan that a sentence quotes.
_QUOTED = 80
#: The severities of statuses that are told with a scan.
_TOLD = (Severity.WARNING, Severity.ERROR)


@dataclass(frozen=True)
class PlannedEntry:
    """A scan and what it does: it adds a row with ``values``, or changes ``row`` by ``change``.

    ``column`` is the one to which scans add, if they do, ``amount`` what this one adds, and ``total`` what that comes to.
    """

    scan: Scan
    values: RowValues
    column: Column | None = None
    amount: Decimal = Decimal(1)
    total: Any = None
    row: RowProxy | None = None
    change: Change | None = None

    @property
    def how(self) -> str:
        """The end of the sentence in the history."""
        total = f": {self.sum_by(CANONICAL)}" if self.change else ""
        return f" by quick entry of “{self.scan.text[:_QUOTED]}”{total}"

    def sum_by(self, conventions: Conventions) -> str:
        """Return the sum that the scan comes to, such as "3 + 1 = 4", as somebody reads it; empty if scans do not add up."""
        if self.column is None:
            return ""
        before = self.change.old if self.change else ""
        number, total = plain_text(abs(self.amount)), to_text(self.column, self.total)
        sign = "+" if self.amount >= 0 else "\N{MINUS SIGN}"
        before, number, total = (
            shown_text(self.column, text, conventions) for text in (before, number, total)
        )
        return f"{before} {sign} {number} = {total}" if before else total


@dataclass(frozen=True)
class EntryResult:
    """What a scan did: the row ``sequence`` was added or changed by the operation of that number.

    ``sum`` is such as "3 + 1 = 4", ``name`` what people know the row by, and ``status`` that of the row afterwards.
    """

    sequence: int
    operation: int
    is_new: bool
    sum: str
    name: str
    status: Status | None

    @property
    def message(self) -> str:
        """The sentence on it, such as "Row 12: 3 + 1 = 4 Tea"."""
        where = f"Row {self.sequence}{', new' if self.is_new else ''}"
        told = f" ({self.status.label})" if self.status and self.status.severity in _TOLD else ""
        return f"{where}: {' '.join(filter(None, (self.sum, self.name)))}{told}"


def plain_text(number: Decimal) -> str:
    """Return ``number`` as a canonical text without zeros at the end."""
    return f"{number.normalize():f}" if number else "0"


def plan_entry(context: ActionContext, text: str) -> PlannedEntry:
    """Return what ``text``, scanned or typed, does to the batch, which the caller has locked.

    Raises ``BadInput`` for a text that is not recognised or cannot be added up, and ``Misuse`` for columns that do not exist.
    """
    entry, not_found = (
        context.handler.quick_entry,
        f"“{text.strip()[:_QUOTED]}” was not found, so no row was added.",
    )
    if entry is None or not text.strip() or text != storable(text):
        raise BadInput(not_found)
    scan = read_scan(text, context.handler_context.settings)
    with telling_failure("No row was added"):
        values, spellings = entry.values(context.handler, context.batch, scan)
        adds = entry.adds_to(context.handler, context.batch)
        amount = Decimal((values or {}).get(adds or "") or scan.quantity)
    if values is None:
        raise BadInput(not_found)
    _refuse_unknown(context, [*values, *([adds] if adds else [])])
    if adds is None:
        _refuse_new_row(context, values)
        return PlannedEntry(scan, values)
    (column,) = columns_named(context.row, {adds: ""}, context.access)
    row = _row_of(context, entry, values, spellings)
    if row is None:
        _refuse_new_row(context, values)
        _refuse_key(context, entry, values)
        number = _parsed(column, plain_text(amount))
        return PlannedEntry(scan, {**values, adds: number}, column, amount, number)
    change = _grown(row, column, amount)
    return PlannedEntry(scan, values, column, amount, change.value, row, change)


def _refuse_unknown(context: ActionContext, names: Sequence[str]) -> None:
    unknown = sorted(set(names).difference(inspect(context.row).column_attrs.keys()))
    if unknown:
        raise Misuse(
            f"No row was added: {type(context.handler).__name__}.quick_entry returned the column {unknown[0]!r}, which"
            f" {context.row.__name__} does not have."
        )


def _refuse_new_row(context: ActionContext, values: RowValues) -> None:
    """Raise ``Conflict`` if no rows can be added, and ``BadInput`` if one with ``values`` has a column that the person may not edit."""
    refuse_additions(context)
    by_people = editable_by_name(context.row, EVERYTHING)
    filled = {name: "" for name, one in by_people.items() if values.get(name) not in (None, one.blank)}
    columns_named(context.row, filled, context.access)


def _refuse_key(context: ActionContext, entry: QuickEntry, values: RowValues) -> None:
    """Raise ``BadInput`` for a code that the key of the row cannot store, such as one that is too long."""
    if entry.key is not None and isinstance(values.get(entry.key), str):
        (column,) = columns_of(context.row, [entry.key])
        _parsed(column, values[entry.key])


def _row_of(
    context: ActionContext, entry: QuickEntry, values: RowValues, spellings: Sequence[str]
) -> RowProxy | None:
    """Return the first row that is not removed and has the key of ``values``, or else the likeliest of its ``spellings``."""
    own = values.get(entry.key or "")
    if own is None:
        return None
    row, wanted = context.row, [own, *spellings]
    key = getattr(row, entry.key or "")
    rank = {code: place for place, code in reversed([*enumerate(wanted)])}
    found = select(context.rows().table).where(row.batch_id == context.batch.id, key.in_(rank), ~row.removed)
    likeliest = found.order_by(case(rank, value=key), row.sequence).limit(1)
    values_of_row = context.session.execute(likeliest).mappings().one_or_none()
    return None if values_of_row is None else RowProxy(values_of_row)


def _grown(row: RowProxy, column: Column, amount: Decimal) -> Change:
    """Return the change of ``row`` that adds ``amount`` to its number in ``column``; raise ``BadInput`` if it has none."""
    value: Any = getattr(row, column.name)
    old = text_in(column, value, row.issues)
    # A text that could not be stored is no number here either, such as 1_0, or 1e999999 with its million digits.
    if old != (stored := to_text(column, value)):
        raise BadInput(
            f"Row {row.sequence} has “{old[:_QUOTED]}” as {column.label}, to which nothing can be added. Correct it, then scan"
            " again."
        )
    total = plain_text(Decimal(stored or 0) + amount)
    return Change(column, old, _parsed(column, total), issues_of(row.issues, column.name))


def _parsed(column: Column, text: str) -> Any:
    try:
        return parse(column, text)
    except CellError as error:
        raise BadInput(f"{column.label}: {error.message} Nothing was entered.") from error


def entry_result(
    context: ActionContext, plan: PlannedEntry, row: RowProxy, operation: int, conventions: Conventions
) -> EntryResult:
    """Return the result of ``plan``, which was stored as ``operation``; ``row`` is its row as it is now."""
    entry: Any = context.handler.quick_entry
    total = plan.sum_by(conventions)
    name = _words_of(context, row, entry.named_by, conventions)
    if not name:  # Such as the description of an item that the catalogue lacks.
        code = _words_of(
            context, row, [entry.key] if entry.key else context.handler.peer_columns, conventions
        )
        name = f"of {code}" if total and code else code
    status = next((one for one in context.handler.statuses or () if one.value == row.status), None)
    return EntryResult(row.sequence, operation, plan.row is None, total, name, status)


def _words_of(context: ActionContext, row: RowProxy, names: Sequence[str], conventions: Conventions) -> str:
    """Return what ``row`` has in the columns ``names`` that the person may see."""
    columns = columns_of(context.row, [name for name in names if context.access.sees(name)])
    words = (render(one, getattr(row, one.name), conventions=conventions) for one in columns)
    return " ".join(filter(None, words))
