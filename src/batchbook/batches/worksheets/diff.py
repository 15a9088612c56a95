"""The diff of an uploaded worksheet and its batch: cells changed in the sheet, and conflicts with changes in the batch since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from batchbook.batches.concurrency import Token, token_of
from batchbook.batches.editing.field_changes import is_unchanged
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.rows.scope import RowProxy
from batchbook.batches.worksheets.batch_layout import SheetRows, earlier_texts, layout_of, sheet_grid
from batchbook.batches.worksheets.layout import Layout
from batchbook.batches.worksheets.worksheet_file import (
    CUT_MARK,
    RowChecksums,
    SheetRow,
    UploadedWorksheet,
    comparable_text,
    last_operation,
)
from batchbook.db.bulk_writing import chunked
from batchbook.errors import BadInput
from batchbook.grid import CellError, Column, GridState, parse

_NAMED = 5


@dataclass
class ChangedRows:
    """Rows with cells to edit that have changed since the sheet was downloaded, by sequence.

    The rest are numbers of rows in the sheet: without a key, with the key of another row, and with changed cells that
    are read-only.
    """

    changed: dict[int, SheetRow] = field(default_factory=dict)
    keyless: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    locked: list[int] = field(default_factory=list)


def find_changed_rows(sheet: UploadedWorksheet, layout: Layout) -> ChangedRows:
    """Read all rows of ``sheet``, which was written with ``layout``; rows with the same key are skipped."""
    checks, found = RowChecksums(layout.columns), ChangedRows()
    seen: dict[int, int] = {}
    doubled: set[int] = set()
    for row in sheet.rows():
        if row.key is None:
            found.keyless.append(row.line)
        elif row.key.sequence in seen:
            doubled |= {seen[row.key.sequence], row.line}
            found.changed.pop(row.key.sequence, None)
        else:
            seen[row.key.sequence] = row.line
            _check_row(row, layout, checks, found)
    found.duplicates = sorted(doubled)
    return found


def _check_row(row: SheetRow, layout: Layout, checks: RowChecksums, found: ChangedRows) -> None:
    key = row.key
    if key is None:
        return
    if checks.of(row.texts, edited=True) != key.edited:
        # All changed rows are in memory together, so only the texts that may be applied are kept.
        texts = [
            text if column.field else None for text, column in zip(row.texts, layout.columns, strict=True)
        ]
        found.changed[key.sequence] = SheetRow(row.line, key, texts)
    if checks.of(row.texts, edited=False) not in (key.read_only, None):
        found.locked.append(row.line)


def skipped_notes(sheet: UploadedWorksheet, changed_rows: ChangedRows, gone: Sequence[int]) -> Iterator[str]:
    """Yield sentences about the skipped parts of ``sheet``; ``gone`` are its rows that the batch does not have."""
    if sheet.missing:
        names = ", ".join(f"“{heading[:60]}”" for heading in sheet.missing[:_NAMED])
        yield f"Columns that are missing from the sheet, or have another heading, are left as they are: {names}."
    if changed_rows.keyless:
        yield (
            f"{_row_numbers(changed_rows.keyless)} of the sheet: skipped, because the hidden key is missing. Add rows on the batch's"
            " page."
        )
    if changed_rows.duplicates:
        yield f"{_row_numbers(changed_rows.duplicates)} of the sheet: skipped, because they have the same key."
    if gone:
        yield f"{_row_numbers(gone)} of the sheet: not in the batch, or removed from it since, so skipped."
    if changed_rows.locked:
        yield f"{_row_numbers(changed_rows.locked)} of the sheet: changes of grey cells were skipped; these are read-only."


def _row_numbers(lines: Sequence[int]) -> str:
    """Return the numbers of rows as a text, of many only the first."""
    named = ", ".join(f"{line:,}" for line in lines[:_NAMED])
    more = len(lines) - _NAMED
    word = "Row" if len(lines) == 1 else "Rows"
    return f"{word} {named} and {more:,} more" if more > 0 else f"{word} {named}"


#: The number of rows that are looked up together.
_ROWS_AT_ONCE = 500

_STILL_CUT = "It is longer than a cell of a worksheet holds, and is still cut: change it on the row's page."


@dataclass(frozen=True, slots=True)
class SheetChange:
    """A cell that was changed in the sheet, in row number ``line`` of it.

    ``before`` is its text when the sheet was downloaded, ``None`` where that is unknown; ``now`` is the text in the
    batch, ``sheet`` the one in the sheet, and ``text`` what is to be stored in the field. ``problem`` is the reason why
    it cannot be.
    """

    sequence: int
    line: int
    field: str
    label: str
    before: str | None
    now: str
    sheet: str
    text: str
    problem: str = ""

    @property
    def mark(self) -> str:
        """The name of the cell in a form."""
        return f"{self.sequence}.{self.field}"


@dataclass
class WorksheetDiff:
    """Changes to be applied, conflicts with changes of others in the batch since, and texts that cannot be stored.

    ``name`` is that of the sheet's file, ``notes`` are sentences about whatever else is skipped, ``agreed`` counts
    changes that the batch has already, and ``token`` stands for the batch as it was compared.
    """

    name: str
    token: Token
    taken: list[SheetChange] = field(default_factory=list)
    conflicts: list[SheetChange] = field(default_factory=list)
    unreadable: list[SheetChange] = field(default_factory=list)
    agreed: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing in the sheet differs from the batch."""
        return not (self.taken or self.conflicts or self.unreadable)


def diff_worksheet(context: ActionContext, sheet: UploadedWorksheet) -> WorksheetDiff:
    """Compare ``sheet`` with its batch; raise ``BadInput`` for the sheet of another one."""
    layout = layout_of(context)
    refuse_foreign(context, sheet, layout)
    found = WorksheetDiff(sheet.name, token_of(last_operation(context)))
    changed_rows = find_changed_rows(sheet, layout)
    comparer = _RowDiffer(context, sheet, layout, found)
    # In the order of rows: a layout may read the batch's file alongside.
    for rows in chunked(
        sorted(changed_rows.changed.values(), key=lambda row: row.key.sequence if row.key else 0),
        _ROWS_AT_ONCE,
    ):
        comparer.compare({row.key.sequence: row for row in rows if row.key})
    found.notes += skipped_notes(sheet, changed_rows, comparer.gone)
    return found


def refuse_foreign(context: ActionContext, sheet: UploadedWorksheet, layout: Layout) -> None:
    """Raise ``BadInput`` if ``sheet`` is not one of the batch, whose layout is ``layout``."""
    batch, metadata = context.batch, sheet.metadata
    if (metadata.batch, metadata.created) != (batch.number, batch.created_at.isoformat()):
        other = (
            f"batch {metadata.batch}" if metadata.batch != batch.number else "a batch of another installation"
        )
        raise BadInput(
            f"“{sheet.name}” is the worksheet of {other[:60]}, not of {batch}. Nothing was changed: upload it on the"
            " page of its own batch."
        )
    if not metadata.fits(layout.columns):
        raise BadInput(
            f"{batch} has other columns now than when “{sheet.name}” was downloaded. Nothing was changed: download"
            " the worksheet again."
        )


class _RowDiffer:
    """Compares changed rows of the sheet with those of the batch, some hundreds at a time."""

    def __init__(
        self, context: ActionContext, sheet: UploadedWorksheet, layout: Layout, found: WorksheetDiff
    ) -> None:
        self._context, self._sheet, self._layout, self._found = context, sheet, layout, found
        self._rows, self._checks = SheetRows(context, layout), RowChecksums(layout.columns)
        #: The lines of rows that the batch does not have, or from which they were removed.
        self.gone: list[int] = []

    def compare(self, changed: Mapping[int, SheetRow]) -> None:
        """Compare the rows of the sheet ``changed``, by sequence."""
        sequences = [sequence for sequence in changed if sequence <= HIGHEST_NUMBER]
        earlier = earlier_texts(self._context, self._sheet.metadata.operation, sequences)
        grid = sheet_grid(self._context, self._layout, self._context.row.sequence.in_(sequences))
        rows = map(self._rows.proxy, grid.all_rows(self._context.session, GridState(), None))
        there = {row.sequence: row for row in rows if not row.removed}
        for sequence, sent in changed.items():
            if sequence in there:
                self._compare_row(there[sequence], sent, earlier.get(sequence, {}))
            else:
                self.gone.append(sent.line)

    def _compare_row(self, row: RowProxy, sent: SheetRow, earlier: Mapping[str, str]) -> None:
        fields = self._rows.fields(row)
        then_fields = fields | {name: text for name, text in earlier.items() if name in fields}
        now, then = self._rows.texts(row, fields), self._rows.texts(row, then_fields)
        # A refresh is not in the history of cells; after one, the texts at the download may be unknown.
        known = sent.key is not None and self._checks.of(then, edited=True) == sent.key.edited
        for column, text, is_now, was in zip(self._layout.columns, sent.texts, now, then, strict=True):
            if not column.field or text is None or comparable_text(text) == comparable_text(was):
                continue
            field_text = self._layout.field_text(column.field, text)
            before = was if known else None
            change = SheetChange(
                row.sequence, sent.line, column.field, column.heading, before, is_now, text, field_text
            )
            self._judge(
                change,
                fields[column.field],
                moved=not known or comparable_text(is_now) != comparable_text(was),
            )

    def _judge(self, change: SheetChange, now: str, *, moved: bool) -> None:
        column = self._rows.editable[change.field]
        if is_unchanged(column, change.text, now):
            self._found.agreed += 1
            return
        problem = _problem(column, change.text)
        if problem:
            self._found.unreadable.append(replace(change, problem=problem))
        elif moved:
            self._found.conflicts.append(change)
        else:
            self._found.taken.append(change)


def _problem(column: Column, text: str) -> str:
    """Return the reason why ``text`` cannot be stored in ``column``; empty if it can."""
    if text.endswith(CUT_MARK):
        return _STILL_CUT
    try:
        parse(column, text)
    except CellError as error:
        return error.message
    return ""
