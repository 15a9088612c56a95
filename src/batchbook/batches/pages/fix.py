"""One correction for all cells of a batch that are wrong alike: what it would do, and doing it."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any

from batchbook.batches.alike import Alike, AlikeFixer, Found, check_fix, find_alike, fixed_words
from batchbook.batches.bulk import ask_edit, is_big
from batchbook.batches.bulk_edits import FIX_ALIKE
from batchbook.batches.editing import CellProblems, Selection, editable_by_name
from batchbook.batches.issues import plain_lines
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.base import UNPROCESSABLE, BatchPage, led_on
from batchbook.batches.pages.present import PROBLEMS
from batchbook.batches.unstorable import NOT_STORED
from batchbook.errors import BadInput
from batchbook.grid import CellError, Column, parse, to_text

#: How many of the rows a preview shows.
ROWS_SHOWN = 20
#: How many columns of a row are shown beside its number, so that people know it again.
_BESIDE = 2
#: How long three sums are at the most.
_LONGEST_SEEN = 80


class FixAlike(BatchPage):
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
        seen, text, fixer = self._seen(), self._wanted_text(), AlikeFixer(self.engine)
        try:
            check_fix(self.work, self.alike, text)
        except CellProblems:
            self.request.response.status_int = UNPROCESSABLE
            return self._page()
        if not is_big(self.request.services, seen.count):
            return self.done(fixed_words(fixer.fix(self.batch.id, self.alike, text, seen)), self.problems_url)
        fixer.demand_seen(self.work, self.alike, seen)
        arguments = {"alike": asdict(self.alike), "text": text, "seen": str(seen)}
        result = ask_edit(self.request.services, self.engine, self.batch.id, FIX_ALIKE.name, arguments)
        return led_on(self.request, result, self.problems_url)

    @property
    def problems_url(self) -> str:
        """The page of all problems."""
        return self.view.url(PROBLEMS, self.batch)

    @cached_property
    def alike(self) -> Alike:
        """Which cells the address means."""
        asked = self.request.GET
        if not asked.get("field"):
            raise BadInput("The address does not say which cells are meant, so nothing was changed.")
        return Alike(asked["field"], plain_lines(asked.get("text", "")), asked.get("code", ""))

    def _page(self) -> dict[str, Any]:
        column = self._column()
        found = find_alike(self.work, self.alike)
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
            raise BadInput("The address does not say what to put into the cells, so nothing was changed.")
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
        shown = self.view.row_columns(self.row_model)[1:]
        return [other for other in shown if other.name != column.name][:_BESIDE]

    def _rows(self, found: Found) -> list[Any]:
        first = list(found.versions)[:ROWS_SHOWN]
        return list(self.work.rows().narrowed(self.row_model.sequence.in_(first))) if first else []

    def _seen(self) -> Selection:
        try:
            return Selection.read(self.request.POST.get("seen", "")[:_LONGEST_SEEN])
        except ValueError:
            raise BadInput(
                "What was sent does not say which cells you were shown, so nothing was changed."
            ) from None
