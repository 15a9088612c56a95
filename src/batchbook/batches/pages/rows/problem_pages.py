"""The page of all problems in a batch's cells, and the form that corrects similar ones together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from batchbook.batches.editing import CellProblems, Selection, editable_by_name
from batchbook.batches.editing.problems import (
    Found,
    Problem,
    SimilarCells,
    SimilarFixer,
    cell_columns,
    check_fix,
    find_similar,
    fixed_message,
    problems_of,
)
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import UNPROCESSABLE, BatchPage, follow_on
from batchbook.batches.pages.view import PROBLEMS
from batchbook.batches.rows.issues import plain_lines
from batchbook.batches.rows.row_values import NOT_STORED
from batchbook.batches.running.bulk_edits import FIX_ALIKE, enqueue_edit, is_big
from batchbook.errors import BadInput
from batchbook.grid import VERBS, CellError, Column, Filter, GridState, Verb, label_of, parse, to_text
from batchbook.master.links import href

#: Groups on a page.
PAGE_SIZE = 100
#: Up to how many characters a filter takes a text.
_LONGEST_FILTERED = 200


@dataclass(frozen=True)
class Line:
    """Like problems as the page shows them: ``column`` is where they can be fixed, ``rows_url`` shows their rows."""

    problem: Problem
    label: str
    rows_url: str | None
    column: Column | None


class ProblemsPage(BatchPage):
    """All problems of a batch, like ones together, the worst and most frequent first."""

    name = "problems"
    pattern = "/problems"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/problems.jinja2"

    def get(self) -> dict[str, Any]:
        """Show a page of them; ``code`` in the query shows those of one code alone."""
        code, number = self.request.GET.get("code", ""), _page_number(self.request.GET.get("page", ""))
        problems = problems_of(self.work)
        groups = [group for group in problems.groups if code in ("", group.code)]
        last = max(1, -(-len(groups) // PAGE_SIZE))
        first = (min(number, last) - 1) * PAGE_SIZE
        return self.template_values(
            problems=problems,
            lines=[self._line(group) for group in groups[first : first + PAGE_SIZE]],
            codes=problems.codes.most_common(),
            code=code,
            page=min(number, last),
            last=last,
            editing=self.view.may(Action.EDIT, self.batch),
            fix_url=self.view.url(FixSimilar.name, self.batch),
            rows_url=self._rows_url(Filter(PROBLEMS, Verb.IS_TRUE)),
        )

    def _line(self, problem: Problem) -> Line:
        column = self._columns.get(problem.field)
        label = column.label if column else label_of(problem.field)
        editable = problem.field in self._editable and problem.whole
        return Line(problem, label, self._shown_by(problem, column), column if editable else None)

    @cached_property
    def _columns(self) -> Mapping[str, Column]:
        return cell_columns(self.row_model)

    @cached_property
    def _editable(self) -> frozenset[str]:
        return frozenset(editable_by_name(self.row_model))

    @cached_property
    def _filtered(self) -> frozenset[str]:
        return frozenset(
            c.name for c in self.view.row_table.all_columns(self.row_model, self.statuses) if c.filterable
        )

    def _shown_by(self, problem: Problem, column: Column | None) -> str | None:
        """Return the link to the rows of ``problem``, where filters can say which they are."""
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
            return None  # The cell is empty, and so are others that held another text.
        return self._rows_url(Filter(column.name, Verb.EQUAL, (problem.text,)), has_problems)

    def _rows_url(self, *clauses: Filter) -> str:
        kept = (Filter("removed", Verb.IS_FALSE),) if self.batch.removed_count else ()
        return href(self.own_url, GridState(filters=(*clauses, *kept)))


def _page_number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _reads(column: Column, text: str) -> bool:
    try:
        parse(column, text)
    except CellError:
        return False
    return True


#: How many of the rows a preview shows.
ROWS_SHOWN = 20
#: How many columns of a row are shown beside its number, so that people know it again.
_BESIDE = 2


class FixSimilar(BatchPage):
    """One correction for all cells that have the same problem and hold the same text, after showing what it does."""

    name = "fix"
    pattern = "/problems/fix"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/fix.jinja2"

    def get(self) -> dict[str, Any]:
        """Show which cells are meant, and with ``with`` in the query what they become."""
        if not self.request.GET.get("field"):
            return self.template_values(alike=None, problems_url=self.problems_url)
        return self._page()

    def post(self) -> Any:
        """Do it, if the cells are still those that were shown; or say what is wrong with the text."""
        seen = Selection.read(
            self.request.POST,
            "What was sent does not say which cells you were shown, so nothing was changed.",
        )
        text, fixer = self._wanted_text(), SimilarFixer(self.engine)
        try:
            check_fix(self.work, self.alike, text)
        except CellProblems:
            self.request.response.status_int = UNPROCESSABLE
            return self._page()
        if not is_big(self.request.services, seen.count):
            return self.done(
                fixed_message(fixer.fix(self.batch.id, self.alike, text, seen.token)), self.problems_url
            )
        fixer.demand_seen(self.work, self.alike, seen.token)
        arguments = {"alike": asdict(self.alike), "text": text, "seen": seen.token}
        result = enqueue_edit(self.request.services, self.engine, self.batch.id, FIX_ALIKE.name, arguments)
        return follow_on(self.request, result, self.problems_url)

    @property
    def problems_url(self) -> str:
        """The page of all problems."""
        return self.view.url(PROBLEMS, self.batch)

    @cached_property
    def alike(self) -> SimilarCells:
        """Which cells the address means."""
        asked = self.request.GET
        if not asked.get("field"):
            raise BadInput("The address doesn't identify any cells, so nothing was changed.")
        return SimilarCells(asked["field"], plain_lines(asked.get("text", "")), asked.get("code", ""))

    def _page(self) -> dict[str, Any]:
        column = self._column()
        found = find_similar(self.work, self.alike)
        value, error = self._value(column)
        return self.template_values(
            alike=self.alike,
            column=column,
            found=found,
            text=self._text,
            value=value,
            error=error,
            same=self._same(column, value) and not error,
            beside=self._beside(column),
            rows=self._rows(found),
            problems_url=self.problems_url,
            fix_url=self.view.url(self.name, self.batch),
            post_url=f"{self.view.url(self.name, self.batch)}?{self.request.query_string}",
        )

    def _column(self) -> Column:
        found = editable_by_name(self.row_model)
        if self.alike.field not in found:
            raise BadInput(
                f"“{self.alike.field[:60]}” is not a field that can be edited. Nothing was changed."
            )
        return found[self.alike.field]

    @property
    def _text(self) -> str | None:
        text = self.request.GET.get("with")
        return None if text is None else plain_lines(text)

    def _wanted_text(self) -> str:
        if self._text is None:
            raise BadInput("The address doesn't give a value for the cells, so nothing was changed.")
        return self._text

    def _value(self, column: Column) -> tuple[Any, str]:
        """Return what the new text means, and the sentence that says why it cannot be stored."""
        try:
            return (None if self._text is None else parse(column, self._text)), ""
        except CellError as error:
            return None, error.message

    def _same(self, column: Column, value: Any) -> bool:
        """Return whether the new text means what is in the cells already, and not only what stands there unread."""
        there = self._text is not None and self.alike.code != NOT_STORED
        return there and to_text(column, value) == self.alike.text

    def _beside(self, column: Column) -> list[Column]:
        shown = self.view.row_table.all_columns(self.row_model, self.statuses)[1:]
        return [other for other in shown if other.name != column.name][:_BESIDE]

    def _rows(self, found: Found) -> list[Any]:
        first = list(found.versions)[:ROWS_SHOWN]
        return list(self.work.rows().narrowed(self.row_model.sequence.in_(first))) if first else []
