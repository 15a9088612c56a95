"""The page of a batch's duplicates: rows with the same key, side by side, of which people keep one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchbook.batches.editing import Selection
from batchbook.batches.editing.duplicates import DuplicateRemover, DuplicateRows, Keep
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage, follow_on
from batchbook.batches.running.bulk_edits import REMOVE_DUPLICATES, enqueue_edit, is_big
from batchbook.errors import BadInput
from batchbook.grid import Column
from batchbook.master.paging import NumberedPage, whole_number

#: The number of groups on a page, and of the rows that are shown of each.
PAGE_SIZE, ROWS_SHOWN = 50, 20
#: Columns that the page shows in another way, or that say nothing here.
_ELSEWHERE = frozenset({"sequence", "status", "status_text"})


@dataclass(frozen=True)
class ShownGroup:
    """A group of duplicates as the page shows it: its ``rows``, the ``count`` of all of them, and their ``token``."""

    first: int
    count: int
    rows: Sequence[Any]
    token: str


class DuplicatesPage(BatchPage):
    """The groups of duplicates: one row of each is kept, and the others are removed. They can be restored."""

    name = "duplicates"
    pattern = "/duplicates"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/duplicates.jinja2"

    def get(self) -> dict[str, Any]:
        """Show a page of groups in the order of their first rows; ``of`` in the query is a row whose group is wanted."""
        if self.view.batch_type.handler.duplicates is None:
            return self.template_values(total=0)
        context = self.action_context
        found, of = DuplicateRows(context), whole_number(self.request.GET.get("of", ""))
        total = found.count_groups(of)
        page = NumberedPage.of(self.request, total, PAGE_SIZE)
        return self.template_values(
            total=total,
            rules=found.rules,
            groups=self._groups(found, page.first, of),
            columns=self._columns(),
            seen=Selection.of(context, found.members(of)),
            of=of,
            page=page,
            url=self.view.url(self.name, self.batch),
        )

    def post(self) -> Any:
        """Keep one row of a group, or one of each, if the duplicates are still those that were shown."""
        params = self.request.POST
        seen = Selection.read(
            params, "The form doesn't say which duplicates you saw, so nothing was removed. Reload the page."
        )
        keep, sequence = _keep(params.get("keep", "")), whole_number(params.get("sequence", ""))
        remover, url = DuplicateRemover(self.engine), self.view.url(self.name, self.batch)
        if not is_big(self.request.services, seen.count):
            message = remover.keep(self.batch.id, keep, sequence, seen.token)
            left = DuplicateRows(self.action_context).count_groups()
            return self.done(message, url if left else self.own_url)
        of = sequence if isinstance(keep, Keep) else keep
        remover.demand_seen(self.action_context, of, seen.token)
        arguments = {"keep": keep, "sequence": sequence, "seen": seen.token}
        result = enqueue_edit(
            self.request.services, self.engine, self.batch.id, REMOVE_DUPLICATES.name, arguments
        )
        return follow_on(self.request, result, self.own_url)

    def _groups(self, found: DuplicateRows, start: int, of: int | None) -> list[ShownGroup]:
        groups = found.groups(start, PAGE_SIZE, ROWS_SHOWN, of)
        wanted = [sequence for group in groups for sequence in group.sequences]
        context = self.action_context
        rows = context.rows().narrowed(context.row.sequence.in_(wanted)) if wanted else ()
        by_sequence = {row.sequence: row for row in rows}
        tokens = found.tokens([group.first for group in groups])
        return [
            ShownGroup(
                group.first,
                group.count,
                [by_sequence[sequence] for sequence in group.sequences],
                tokens[group.first].token,
            )
            for group in groups
        ]

    def _columns(self) -> list[Column]:
        table = self.view.row_table
        hidden = {column.name for column in table.filters(self.row_model)} | _ELSEWHERE
        columns = self.seen_columns
        return [column for column in columns if column.name not in hidden]


def _keep(text: str) -> Keep | int:
    if text in list(Keep):
        return Keep(text)
    number = whole_number(text)
    if number is None:
        raise BadInput("The form doesn't say which row to keep, so nothing was removed.")
    return number
