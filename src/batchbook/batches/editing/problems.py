"""Problems in a batch's cells, grouped by field, code and text, and corrections for all cells of a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import field as part

from sqlalchemy import select

from batchbook.batches.concurrency import Token, refuse_changed
from batchbook.batches.editing.bulk import BulkEditor, BulkEditResult
from batchbook.batches.editing.field_changes import columns_named, parsed
from batchbook.batches.editing.problem_shapes import (
    Shape,
    may_have_text,
    names_field,
    problem_text,
    sample_of,
    shapes_of,
)
from batchbook.batches.editing.removal import Selection
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.models import BatchRow
from batchbook.batches.policies.field_rules import FieldAccess
from batchbook.batches.rows.issues import Issue, issues_of
from batchbook.errors import Conflict
from batchbook.grid import Column, columns_of
from batchbook.statuses import Severity
from batchbook.words import counted

#: The maximum number of groups; further problems are only counted.
MOST_GROUPS = 10_000
#: The maximum number of rows that are listed for a group.
ROWS_NAMED = 20
#: The number of characters of a text that distinguish groups; cells with longer texts cannot be fixed together.
LONGEST = 500

#: The number of rows that are read together.
_AT_A_TIME = 1_000
#: The columns that all rows have. Nobody edits them, so their texts have no issues.
_OF_ALL = frozenset(name for name in vars(BatchRow) if not name.startswith("_"))
_WORST_FIRST = {str(severity): -place for place, severity in enumerate(Severity)}


@dataclass
class Problem:
    """A group of similar problems: those with the same code in cells of ``field`` with the same ``text``.

    ``count`` is their number, and ``rows`` are the sequences of the first rows. ``text`` is the text for editing, cut if
    it is not ``whole``. Severity, message and suggestions are those of the first problem.
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

    def note(self, count: int, rows: list[int]) -> None:
        """Count a problem in each of ``count`` rows, of which ``rows`` are the first ones."""
        self.count += count
        self.rows = sorted(self.rows + rows)[:ROWS_NAMED]


@dataclass
class Problems:
    """All problems of a batch: the groups, the worst and largest first, and the numbers of rows and of each code.

    ``others`` counts the problems without a group, because there are too many groups.
    """

    groups: list[Problem]
    rows: int
    codes: Counter[str]
    others: int

    @property
    def count(self) -> int:
        """The number of problems."""
        return self.codes.total()


@dataclass(frozen=True)
class ProblemCell:
    """A cell with an issue: the number and version of its row, the issue, and the text for editing."""

    sequence: int
    version: int
    issue: Issue
    text: str


def problem_cells(context: ActionContext, field_name: str, text: str) -> Iterator[ProblemCell]:
    """Yield the cells of ``field_name`` with issues, in order of the rows and without removed ones.

    Those whose text is not ``text`` are left out as far as the database can tell; fields without a text have no cells.
    """
    column = cell_columns(context.row, context.access).get(field_name)
    if column is None:
        return
    rows = context.rows().narrowed(context.row.issues.is_not(None))
    table = rows.table
    statement = select(table.c.sequence, table.c.version, table.c.issues, table.c[field_name]).where(
        rows.where, names_field(context, table, field_name), may_have_text(context, table, column, text)
    )
    # By the connection, because the session would double the cost of each row.
    connection, options = context.session.connection(), {"yield_per": _AT_A_TIME}
    with connection.execute(statement.order_by(table.c.sequence), execution_options=options) as found:
        for done, (sequence, version, issues, value) in enumerate(found):
            if not done % _AT_A_TIME:
                context.progress.report("look for problems", done, None)
            for issue in issues_of(issues, field_name):
                yield ProblemCell(sequence, version, issue, problem_text(issue, column, value, issues))


def problems_of(context: ActionContext) -> Problems:
    """Return the problems in the batch's rows that are not removed."""
    columns = cell_columns(context.row, context.access)
    sample = sample_of(context)
    fields = sample.fields & columns.keys()
    while True:
        grouping = _Grouping(context.access, columns)
        for shape in shapes_of(context, fields, grouped=not sample.differ):
            grouping.add(shape)
        if grouping.fields <= fields:
            return grouping.problems()
        fields |= grouping.fields  # Issues in further fields came after the first rows.


class _Grouping:
    """The groups of problems of the shapes that are added, as somebody with ``access`` to ``columns`` sees them."""

    def __init__(self, access: FieldAccess, columns: Mapping[str, Column]) -> None:
        self._seen: dict[str, bool] = {}
        self._access, self._columns = access, columns
        self._groups: dict[tuple[str, str, str], Problem] = {}
        self._codes: Counter[str] = Counter()
        self._rows = self._others = 0

    def add(self, shape: Shape) -> None:
        """Group the problems of all rows of ``shape``."""
        issues, values, count, _ = shape
        first: list[int] | None = None
        for issue in issues:
            if not self._sees(issue["field"]):
                continue
            if first is None:
                first = shape.rows()[:ROWS_NAMED]
                self._rows += count
            self._codes[issue["code"]] += count
            column = self._columns.get(issue["field"])
            text = problem_text(issue, column, values.get(issue["field"]), issues)
            group = self._group(issue, text)
            if group is None:
                self._others += count
            else:
                group.note(count, first)

    def _group(self, issue: Issue, text: str) -> Problem | None:
        """Return the group of ``issue`` in a cell with ``text``; ``None`` if there are too many others."""
        key = (issue["field"], issue["code"], text[:LONGEST])
        group = self._groups.get(key)
        if group is None and len(self._groups) < MOST_GROUPS:
            group = self._groups[key] = _new(issue, text)
        return group

    def _sees(self, field: str) -> bool:
        """Return whether the person sees ``field``; note that it has issues."""
        seen = self._seen.get(field)
        if seen is None:
            seen = self._seen[field] = self._access.sees(field)
        return seen

    @property
    def fields(self) -> set[str]:
        """The fields with issues and a column."""
        return self._seen.keys() & self._columns.keys()

    def problems(self) -> Problems:
        """Return all problems, the groups in the order in which people see them."""

        def order(problem: Problem) -> tuple[int, int, str, str]:
            return (_WORST_FIRST.get(problem.severity, 1), -problem.count, problem.field, problem.text)

        return Problems(sorted(self._groups.values(), key=order), self._rows, self._codes, self._others)


def cell_columns(row: type[BatchRow], access: FieldAccess) -> dict[str, Column]:
    """Return the columns of a row model whose cells may have issues, and somebody with ``access`` may see, by name."""
    found: dict[str, Column] = {}
    for name in row.__mapper__.column_attrs.keys():  # noqa: SIM118 - Not a mapping.
        if name in _OF_ALL or not access.sees(name):
            continue
        try:
            (found[name],) = columns_of(row, [name])
        except TypeError:  # Columns without a text, such as JSON.
            continue
    return found


def _new(issue: Issue, text: str) -> Problem:
    return Problem(
        issue["field"],
        issue["code"],
        text[:LONGEST],
        len(text) <= LONGEST,
        issue["severity"],
        issue["message"],
        tuple(issue.get("suggestions", ())),
    )


#: The maximum number of characters that are quoted in a sentence.
_QUOTED = 60


@dataclass(frozen=True)
class SimilarCells:
    """A filter for cells of ``field`` with ``text`` and a problem with the ``code``; "" for any code."""

    field: str
    text: str
    code: str = ""

    def fits(self, code: str, text: str) -> bool:
        """Return whether a cell of the field with ``text`` and a problem with ``code`` matches."""
        return text == self.text and self.code in ("", code)


@dataclass
class Found:
    """The rows with matching cells: their versions by sequence, and the issue of the first one."""

    versions: dict[int, int] = field(default_factory=dict)
    issue: Issue | None = None

    @property
    def selection(self) -> Selection:
        """The rows as a selection, whose token changes with them."""
        return Selection(len(self.versions), sum(self.versions), sum(self.versions.values()))


def find_similar(context: ActionContext, alike: SimilarCells) -> Found:
    """Return the rows with a cell that matches ``alike``, without removed rows."""
    found = Found()
    if len(alike.text) <= LONGEST:
        for cell in problem_cells(context, alike.field, alike.text):
            if alike.fits(cell.issue["code"], cell.text):
                found.versions[cell.sequence] = cell.version
                found.issue = found.issue or cell.issue
    return found


def check_fix(context: ActionContext, alike: SimilarCells, text: str) -> None:
    """Raise ``BadInput`` if the field is not editable, or ``text`` cannot be stored there."""
    parsed(columns_named(context.row, {alike.field: text}, context.access), {alike.field: text})


class SimilarFixer:
    """The editor that fixes similar cells in the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def fix(self, batch_id: int, alike: SimilarCells, text: str, seen: Token | None = None) -> BulkEditResult:
        """Store ``text`` in all cells that match ``alike``, as one operation; return the numbers of changes.

        Raises ``Conflict`` if no cell matches, or if the rows differ from those that were ``seen``, and errors as
        :meth:`BulkEditor.edit` does. Nothing is stored then.
        """
        with self.engine.editing(batch_id) as context:
            check_fix(context, alike, text)
            found = self.demand_seen(context, alike, seen)
            wanted = {alike.field: text}
            texts = dict.fromkeys(found.versions, wanted)
            (column,) = columns_named(context.row, wanted, context.access)
            rows = counted(len(texts), "row")
            summary = f"Fixed {column.label} in {rows} alike: {quoted(alike.text)} is now {quoted(text)}."
            return BulkEditor(self.engine).edit(batch_id, texts, "fix", summary, found.versions)

    def demand_seen(self, context: ActionContext, alike: SimilarCells, seen: Token | None) -> Found:
        """Return the rows with a cell that matches ``alike``; raise ``Conflict`` as :meth:`fix` does."""
        found = find_similar(context, alike)
        now = found.selection
        if not now.count:
            raise Conflict("No cell has this problem and this text any more, so nothing was changed.")
        refuse_changed(
            seen,
            now.token,
            f"Nothing was changed: {counted(now.count, 'row has', 'rows have')} such a cell now, and they are not"
            " the rows that you were shown. Go back, check them, then decide.",
        )
        return found


def fixed_message(edited: BulkEditResult) -> str:
    """Return a sentence with the numbers of changes."""
    if not edited.cells:
        return "Nothing was changed: the cells have this text already."
    return f"Changed {counted(edited.cells, 'cell')} in {counted(edited.rows, 'row')}."


def quoted(text: str) -> str:
    """Return ``text`` in quotation marks, cut if it is long; "empty" for an empty one."""
    if not text:
        return "empty"
    return f"“{text[:_QUOTED]}…”" if len(text) > _QUOTED else f"“{text}”"
