"""The page of all problems in a batch's cells, and the form that corrects similar ones together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from batchbook.batches.editing import Selection, editable_by_name
from batchbook.batches.editing.field_changes import Entered
from batchbook.batches.editing.problems import (
    Problem,
    SimilarCells,
    SimilarFixer,
    cell_columns,
    find_similar,
    fixed_message,
)
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import UNPROCESSABLE, BatchPage, follow_on
from batchbook.batches.pages.rows.kept_problems import KeptProblems
from batchbook.batches.pages.view import PROBLEMS
from batchbook.batches.rows.issues import plain_lines
from batchbook.batches.rows.row_values import NOT_STORED
from batchbook.batches.running.bulk_edits import FIX_SIMILAR, enqueue_edit, is_big
from batchbook.errors import BadInput
from batchbook.grid import (
    VERBS,
    CellError,
    Column,
    Filter,
    GridState,
    NumberFormat,
    Verb,
    label_of,
    parse,
    shown_text,
    to_text,
)
from batchbook.master.links import href
from batchbook.master.paging import NumberedPage

#: The number of groups on a page.
PAGE_SIZE = 100
#: The number of characters of the longest text that a filter takes.
_LONGEST_FILTERED = 200


@dataclass(frozen=True)
class Line:
    """A group of similar problems: ``rows_url`` shows their rows, ``column`` is ``None`` where they cannot be fixed together.

    ``field`` is the column of the cells, where it is known.
    """

    problem: Problem
    label: str
    rows_url: str | None
    column: Column | None
    field: Column | None


class ProblemsPage(BatchPage):
    """All problems of a batch, similar ones grouped, the worst and most frequent first."""

    name = "problems"
    pattern = "/problems"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/problems.jinja2"

    def get(self) -> dict[str, Any]:
        """Show a page of groups; ``code`` in the query restricts them to one kind of problem."""
        code = self.request.GET.get("code", "")
        problems = self.request.services.get(KeptProblems).of(self.action_context)
        groups = [group for group in problems.groups if code in ("", group.code)]
        page = NumberedPage.of(self.request, len(groups), PAGE_SIZE)
        return self.template_values(
            problems=problems,
            lines=[self._line(group) for group in page.items(groups)],
            codes=problems.codes.most_common(),
            code=code,
            page=page,
            editing=self.view.may(Action.EDIT, self.batch),
            fix_url=self.view.url(FixSimilar.name, self.batch),
            rows_url=self._rows_url(Filter(PROBLEMS, Verb.IS_TRUE)),
        )

    def _line(self, problem: Problem) -> Line:
        column = self._columns.get(problem.field)
        label = column.label if column else label_of(problem.field)
        editable = problem.whole and problem.field in editable_by_name(
            self.row_model, self.action_context.access
        )
        return Line(problem, label, self._url_of_rows(problem, column), column if editable else None, column)

    @cached_property
    def _columns(self) -> Mapping[str, Column]:
        return cell_columns(self.row_model, self.action_context.access)

    @cached_property
    def _filtered(self) -> frozenset[str]:
        return frozenset(c.name for c in self.seen_columns if c.filterable)

    def _url_of_rows(self, problem: Problem, column: Column | None) -> str | None:
        """Return the link to the rows of ``problem``; ``None`` where no filters select exactly these."""
        if problem.count == len(problem.rows):
            return self._rows_url(Filter("sequence", Verb.ANY_OF, tuple(map(str, problem.rows))))
        if column is None or column.name not in self._filtered:
            return None
        has_problems = Filter(PROBLEMS, Verb.IS_TRUE)
        if not problem.text:
            return self._rows_url(Filter(column.name, Verb.EMPTY), has_problems)
        if len(problem.text) > _LONGEST_FILTERED or Verb.EQUAL not in VERBS[column.kind]:
            return None
        if problem.code == NOT_STORED or not _reads(column, problem.text):
            return None  # The cell is empty, like others whose text was another.
        return self._rows_url(Filter(column.name, Verb.EQUAL, (problem.text,)), has_problems)

    def _rows_url(self, *clauses: Filter) -> str:
        kept = (Filter("removed", Verb.IS_FALSE),) if self.batch.removed_count else ()
        return href(self.own_url, GridState(filters=(*clauses, *kept)))


def _reads(column: Column, text: str) -> bool:
    try:
        parse(column, text)
    except CellError:
        return False
    return True


#: The number of rows in a preview.
ROWS_SHOWN = 20
#: The number of further columns by which people recognise a row.
_BESIDE = 2


class FixSimilar(BatchPage):
    """One correction, after a preview, for all cells with the same problem and the same text."""

    name = "fix"
    pattern = "/problems/fix"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/fix.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the cells, and the preview of their new value if ``with`` in the query has one."""
        if not self.request.GET.get("field"):
            return self.template_values(cells=None, problems_url=self.problems_url)
        return self._page()

    def post(self) -> Any:
        """Change the cells, if they are still those of the preview; or show the problem of the new text."""
        seen = Selection.read(
            self.request.POST,
            "The form doesn't say which cells you saw, so nothing was changed.",
        )
        column, fixer = self._column(), SimilarFixer(self.engine)
        entered = self._entered(column)
        if entered is None:
            raise BadInput("The address doesn't give a value for the cells, so nothing was changed.")
        _, error = self._value(column)
        if error:
            self.request.response.status_int = UNPROCESSABLE
            return self._page()
        text = entered.text
        if not is_big(self.request.services, seen.count):
            return self.done(
                fixed_message(fixer.fix(self.batch.id, self.cells, text, seen.token)), self.problems_url
            )
        fixer.demand_seen(self.action_context, self.cells, seen.token)
        arguments = {"alike": asdict(self.cells), "text": text, "seen": seen.token}
        fields = (self.cells.field,)
        result = enqueue_edit(
            self.request.services, self.engine, self.batch.id, FIX_SIMILAR.name, arguments, fields
        )
        return follow_on(self.request, result, self.problems_url)

    @property
    def problems_url(self) -> str:
        """The page of all problems."""
        return self.view.url(PROBLEMS, self.batch)

    @cached_property
    def cells(self) -> SimilarCells:
        """The cells that the address means."""
        query = self.request.GET
        if not query.get("field"):
            raise BadInput("The address doesn't identify any cells, so nothing was changed.")
        return SimilarCells(query["field"], plain_lines(query.get("text", "")), query.get("code", ""))

    def _page(self) -> dict[str, Any]:
        column = self._column()
        found = find_similar(self.action_context, self.cells)
        entered = self._entered(column)
        value, error = self._value(column)
        # A text that was never read is replaced by its value, even where both are written alike.
        was_read = self._text is not None and self.cells.code != NOT_STORED
        unchanged = was_read and to_text(column, value) == self.cells.text
        others = self.seen_columns[1:]
        first, rows = list(found.versions)[:ROWS_SHOWN], self.action_context.rows()
        return self.template_values(
            cells=self.cells,
            column=column,
            found=found,
            text=shown_text(column, entered.text, self.request.conventions)
            if entered and not error
            else self._text,
            value=value,
            error=error,
            same=unchanged and not error,
            beside=[other for other in others if other.name != column.name][:_BESIDE],
            rows=list(rows.narrowed(self.row_model.sequence.in_(first))) if first else [],
            problems_url=self.problems_url,
            fix_url=self.view.url(self.name, self.batch),
            post_url=f"{self.view.url(self.name, self.batch)}?{self.request.query_string}",
        )

    def _column(self) -> Column:
        found = editable_by_name(self.row_model, self.action_context.access)
        if self.cells.field not in found:
            raise BadInput(
                f"“{self.cells.field[:60]}” is not a field that can be edited. Nothing was changed."
            )
        return found[self.cells.field]

    def _entered(self, column: Column) -> Entered | None:
        """Return what the address gives for the cells: suggestions are canonical, what was typed names its number format."""
        if self._text is None:
            return None
        typed_in = NumberFormat.called(self.request.GET.get("typed", "")) or NumberFormat.POINT
        return Entered.of(column, self._text, "", typed_in.conventions)

    @property
    def _text(self) -> str | None:
        text = self.request.GET.get("with")
        return None if text is None else plain_lines(text)

    def _value(self, column: Column) -> tuple[Any, str]:
        """Return the value of the new text, and its problem, or an empty text."""
        try:
            entered = self._entered(column)
            return (None if entered is None else entered.parse(column)), ""
        except CellError as error:
            return None, error.message
