"""The page of all that is wrong in a batch's cells, like problems together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from batchbook.batches.editing import editable_by_name
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.base import BatchPage
from batchbook.batches.pages.fix import FixAlike
from batchbook.batches.pages.present import PROBLEMS
from batchbook.batches.problems import Problem, cell_columns, problems_of
from batchbook.batches.unstorable import NOT_STORED
from batchbook.grid import VERBS, CellError, Column, Filter, GridState, Verb, label_of, parse
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
            fix_url=self.view.url(FixAlike.name, self.batch),
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
        return frozenset(c.name for c in self.view.row_columns(self.row_model) if c.filterable)

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
