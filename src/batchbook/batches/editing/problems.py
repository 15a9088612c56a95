"""Problems in a batch's cells, grouped by field, code and text, and one correction for all cells of a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import field as part
from typing import Any

from sqlalchemy import select

from batchbook.batches.concurrency import Token, refuse_changed
from batchbook.batches.editing.bulk import BulkEditor, BulkEditResult
from batchbook.batches.editing.field_changes import columns_named, parsed, text_in
from batchbook.batches.editing.removal import Selection
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.models import BatchRow
from batchbook.batches.rows.issues import Issue, plain_lines
from batchbook.errors import Conflict
from batchbook.grid import Column, columns_of
from batchbook.statuses import Severity
from batchbook.words import counted

#: How many groups are held; problems that belong to none of them are only counted.
MOST_GROUPS = 10_000
#: How many rows of a group are named.
ROWS_NAMED = 20
#: Up to how many characters texts tell groups apart; longer ones cannot be fixed alike.
LONGEST = 500

#: How many rows are read together.
_AT_A_TIME = 1_000
#: What every row has and nobody writes, so that no issue speaks of its text.
_OF_ALL = frozenset(name for name in vars(BatchRow) if not name.startswith("_"))
_WORST_FIRST = {str(severity): -place for place, severity in enumerate(Severity)}


@dataclass
class Problem:
    """Like problems: in the cells ``field`` that hold ``text``, ``count`` times; ``rows`` are the first of them.

    ``text`` is what a person would edit there, so the raw text where it could not be stored; it is cut where it is not
    ``whole``. Severity, message and suggestions are those of the first one.
    """

    field: str
    code: str
    text: str
    whole: bool
    severity: str
    message: str
    suggestions: tuple[str, ...]
    count: int = 0
    rows: list[int] = part(default_factory=list)

    def note(self, sequence: int) -> None:
        """Count one more, in the row with this number."""
        self.count += 1
        if len(self.rows) < ROWS_NAMED:
            self.rows.append(sequence)


@dataclass
class Problems:
    """All problems of a batch: the groups, the worst and largest first; how many, in how many rows, of which code.

    ``others`` are those that are in no group, because there are too many groups.
    """

    groups: list[Problem]
    rows: int
    codes: Counter[str]
    others: int

    @property
    def count(self) -> int:
        """How many problems there are."""
        return self.codes.total()


@dataclass(frozen=True)
class ProblemCell:
    """A cell in which something is wrong: its row's number and version, what is wrong, and the text that is in it."""

    sequence: int
    version: int
    issue: Issue
    text: str


def problem_cells(context: ActionContext, field_name: str | None = None) -> Iterator[ProblemCell]:
    """Yield what is wrong in the batch's rows that are not removed, in their order; in ``field_name`` alone, if given."""
    found = cell_columns(context.row)
    columns = [column for name, column in found.items() if field_name in (None, name)]
    places = {column.name: (place, column) for place, column in enumerate(columns, start=3)}
    for row in _rows_with_issues(context, columns):
        for issue in row[2]:
            if field_name in (None, issue["field"]):
                place, column = places.get(issue["field"], (0, None))
                text = issue["raw"] or "" if column is None else text_in(column, row[place], row[2])
                yield ProblemCell(row[0], row[1], issue, plain_lines(text))


def _rows_with_issues(context: ActionContext, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    """Yield number, version, issues and ``columns`` of the rows that have issues."""
    rows = context.rows().narrowed(context.row.issues.is_not(None))
    names = ("sequence", "version", "issues", *(column.name for column in columns))
    statement = select(*(rows.table.c[name] for name in names)).where(rows.where)
    # By the connection: the session would spend as much again on each row.
    options = {"yield_per": _AT_A_TIME}
    with context.session.connection().execute(
        statement.order_by(rows.table.c.sequence), execution_options=options
    ) as found:
        for done, row in enumerate(found):
            if not done % _AT_A_TIME:
                context.progress.report("look for problems", done, None)
            yield row


def problems_of(context: ActionContext) -> Problems:
    """Return the problems of the batch's rows that are not removed."""
    groups: dict[tuple[str, str, str], Problem] = {}
    codes: Counter[str] = Counter()
    rows = others = last = 0
    for cell in problem_cells(context):
        sequence, issue = cell.sequence, cell.issue
        rows, last = rows + (sequence != last), sequence
        codes[issue["code"]] += 1
        key = (issue["field"], issue["code"], cell.text[:LONGEST])
        if key not in groups and len(groups) >= MOST_GROUPS:
            others += 1
            continue
        groups.setdefault(key, _new(cell)).note(sequence)
    return Problems(sorted(groups.values(), key=_order), rows, codes, others)


def cell_columns(row: type[BatchRow]) -> dict[str, Column]:
    """Return the columns of a row model in whose cells something may be wrong, by name."""
    found: dict[str, Column] = {}
    for name in row.__mapper__.column_attrs.keys():  # noqa: SIM118 - Not a mapping.
        if name in _OF_ALL:
            continue
        try:
            (found[name],) = columns_of(row, [name])
        except TypeError:  # Such as JSON: nobody reads or writes its text.
            continue
    return found


def _new(cell: ProblemCell) -> Problem:
    issue, text = cell.issue, cell.text
    return Problem(
        issue["field"],
        issue["code"],
        text[:LONGEST],
        len(text) <= LONGEST,
        issue["severity"],
        issue["message"],
        tuple(issue.get("suggestions", ())),
    )


def _order(problem: Problem) -> tuple[int, int, str, str]:
    return (_WORST_FIRST.get(problem.severity, 1), -problem.count, problem.field, problem.text)


#: How much of a text a sentence quotes.
_QUOTED = 60


@dataclass(frozen=True)
class SimilarCells:
    """Which cells: those of ``field`` that hold ``text`` and have a problem with this ``code``; "" for any."""

    field: str
    text: str
    code: str = ""

    def fits(self, code: str, text: str) -> bool:
        """Return whether it means a cell of its field that holds ``text`` and has a problem with ``code``."""
        return text == self.text and self.code in ("", code)


@dataclass
class Found:
    """The rows whose cells are meant: their versions by number; ``issue`` is what is wrong in the first of them."""

    versions: dict[int, int] = field(default_factory=dict)
    issue: Issue | None = None

    @property
    def selection(self) -> Selection:
        """Which they are, in three numbers that change when other rows do, or when one is edited."""
        return Selection(len(self.versions), sum(self.versions), sum(self.versions.values()))


def find_similar(context: ActionContext, alike: SimilarCells) -> Found:
    """Return the rows in which ``alike`` means a cell, those that are not removed."""
    found = Found()
    if len(alike.text) <= LONGEST:
        for cell in problem_cells(context, alike.field):
            if alike.fits(cell.issue["code"], cell.text):
                found.versions[cell.sequence] = cell.version
                found.issue = found.issue or cell.issue
    return found


def check_fix(context: ActionContext, alike: SimilarCells, text: str) -> None:
    """Raise ``BadInput`` where people may not edit the field, or ``text`` cannot be stored there."""
    parsed(columns_named(context.row, {alike.field: text}), {alike.field: text})


class SimilarFixer:
    """Fixes cells alike in the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def fix(self, batch_id: int, alike: SimilarCells, text: str, seen: Token | None = None) -> BulkEditResult:
        """Put ``text`` into all cells that ``alike`` means, as one operation; return how much changed.

        Raises ``Conflict`` if there are none, or not those that were ``seen``, where that is given; and as
        :meth:`BulkEditor.edit` does. Nothing is stored then.
        """
        with self.engine.editing(batch_id) as context:
            check_fix(context, alike, text)
            found = self.demand_seen(context, alike, seen)
            wanted = {alike.field: text}
            texts = dict.fromkeys(found.versions, wanted)
            summary = self._summary(context, alike, text, len(texts))
            return BulkEditor(self.engine).edit(batch_id, texts, "fix", summary, found.versions)

    def demand_seen(self, context: ActionContext, alike: SimilarCells, seen: Token | None) -> Found:
        """Return the rows that ``alike`` means; raise as :meth:`fix` does if they are not to be changed."""
        found = find_similar(context, alike)
        now = found.selection
        if not now.count:
            raise Conflict("No cell has this problem and this text any more, so nothing was changed.")
        refuse_changed(
            seen,
            now.token,
            f"Nothing was changed: {counted(now.count, 'row has', 'rows have')} such a cell now, and they are not"
            " what you were shown. Go back, look at them again, then decide.",
        )
        return found

    def _summary(self, context: ActionContext, alike: SimilarCells, text: str, count: int) -> str:
        (column,) = columns_named(context.row, {alike.field: text})
        return f"Fixed {column.label} in {counted(count, 'row')} alike: {quoted(alike.text)} is now {quoted(text)}."


def fixed_message(edited: BulkEditResult) -> str:
    """Return the sentence that says how much was changed."""
    if not edited.cells:
        return "Nothing was changed: that is what is there already."
    return f"Changed {counted(edited.cells, 'cell')} in {counted(edited.rows, 'row')}."


def quoted(text: str) -> str:
    """Return ``text`` as sentences quote it, cut if it is long; an empty one is called so."""
    if not text:
        return "empty"
    return f"“{text[:_QUOTED]}…”" if len(text) > _QUOTED else f"“{text}”"
