"""Comparing a worksheet that comes back with its batch: what was changed in the sheet, and what in the batch since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from batchbook.batches.editing.fields import says
from batchbook.batches.rows import RowProxy
from batchbook.batches.work import HIGHEST_NUMBER, Work
from batchbook.batches.worksheets.baseline import earlier_texts
from batchbook.batches.worksheets.choosing import layout_of
from batchbook.batches.worksheets.keys import Checks
from batchbook.batches.worksheets.label import last_operation
from batchbook.batches.worksheets.layout import Layout
from batchbook.batches.worksheets.reading import SheetRow, Worksheet
from batchbook.batches.worksheets.rows import SheetRows, sheet_grid
from batchbook.batches.worksheets.sifting import notes, sift
from batchbook.batches.worksheets.texts import CUT, plain
from batchbook.db.bulk import chunked
from batchbook.errors import BadInput
from batchbook.grid import CellError, Column, GridState, parse

#: How many rows are looked up together.
_TOGETHER = 500

_STILL_CUT = "It is longer than a cell of a worksheet holds, and still cut: change it on the row's page."


@dataclass(frozen=True, slots=True)
class SheetChange:
    """A cell that was changed in the sheet, on the row ``line`` of it.

    ``before`` is what it said when the sheet was downloaded, ``None`` where that is not known; ``now`` what the batch
    says, ``sheet`` what the sheet says, and ``text`` what that means for the field. ``problem`` says why it cannot be
    taken.
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
        """A text that names the cell in a form."""
        return f"{self.sequence}.{self.field}"


@dataclass
class Comparison:
    """What came of it: changes to be taken, conflicts with what others changed since, and what cannot be read.

    ``name`` is the sheet's, ``notes`` are sentences about what else is not taken, ``agreed`` counts changes that the batch has already, and
    ``operation`` is the last one in the batch's history that was looked at.
    """

    name: str
    operation: int
    taken: list[SheetChange] = field(default_factory=list)
    conflicts: list[SheetChange] = field(default_factory=list)
    unreadable: list[SheetChange] = field(default_factory=list)
    agreed: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing in the sheet differs from the batch."""
        return not (self.taken or self.conflicts or self.unreadable)


def compare(work: Work, sheet: Worksheet) -> Comparison:
    """Compare ``sheet`` with its batch; raise ``BadInput`` for the sheet of another one."""
    layout = layout_of(work)
    refuse_foreign(work, sheet, layout)
    found = Comparison(sheet.name, last_operation(work))
    sifted = sift(sheet, layout)
    comparer = _Comparer(work, sheet, layout, found)
    # In the rows' order: a layout may read along in the batch's file.
    for rows in chunked(sorted(sifted.changed.values(), key=_sequence), _TOGETHER):
        comparer.compare({row.key.sequence: row for row in rows if row.key})
    found.notes += notes(sheet, sifted, comparer.gone)
    return found


def refuse_foreign(work: Work, sheet: Worksheet, layout: Layout) -> None:
    """Raise ``BadInput`` if ``sheet`` is not one of the batch, whose layout is ``layout``."""
    batch, label = work.batch, sheet.label
    if (label.batch, label.created) != (batch.number, batch.created_at.isoformat()):
        other = f"batch {label.batch}" if label.batch != batch.number else "a batch of another installation"
        raise BadInput(
            f"“{sheet.name}” is the worksheet of {other[:60]}, not of {batch}. Nothing was taken from it: upload it on the"
            " page of the batch that it came from."
        )
    if not label.fits(layout.columns):
        raise BadInput(
            f"{batch} has other columns now than when “{sheet.name}” was downloaded. Nothing was taken from it: download"
            " the worksheet anew."
        )


def _sequence(row: SheetRow) -> int:
    return row.key.sequence if row.key else 0


class _Comparer:
    """Compares rows of the sheet that were changed with those of the batch, some hundreds at a time."""

    def __init__(self, work: Work, sheet: Worksheet, layout: Layout, found: Comparison) -> None:
        self._work, self._sheet, self._layout, self._found = work, sheet, layout, found
        self._rows, self._checks = SheetRows(work, layout), Checks(layout.columns)
        #: The lines of rows that the batch does not have, or that were removed from it.
        self.gone: list[int] = []

    def compare(self, changed: Mapping[int, SheetRow]) -> None:
        """Compare the rows of the sheet ``changed``, by sequence."""
        sequences = [sequence for sequence in changed if sequence <= HIGHEST_NUMBER]
        earlier = earlier_texts(self._work, self._sheet.label.operation, sequences)
        grid = sheet_grid(self._work, self._layout, self._work.row.sequence.in_(sequences))
        rows = map(self._rows.proxy, grid.all_rows(self._work.session, GridState(), None))
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
        # What a refresh changed is in no history; then it is not known what the sheet began with.
        known = sent.key is not None and self._checks.of(then, edited=True) == sent.key.edited
        for column, text, is_now, was in zip(self._layout.columns, sent.texts, now, then, strict=True):
            if not column.field or text is None or plain(text) == plain(was):
                continue
            meant = self._layout.understood(column.field, text)
            before = was if known else None
            change = SheetChange(
                row.sequence, sent.line, column.field, column.heading, before, is_now, text, meant
            )
            self._judge(change, fields[column.field], moved=not known or plain(is_now) != plain(was))

    def _judge(self, change: SheetChange, now: str, *, moved: bool) -> None:
        column = self._rows.editable[change.field]
        if says(column, change.text, now):
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
    """Return why ``text`` cannot be stored in ``column``; nothing if it can."""
    if text.endswith(CUT):
        return _STILL_CUT
    try:
        parse(column, text)
    except CellError as error:
        return error.message
    return ""
