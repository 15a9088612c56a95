"""The largest changes of the numbers that an execution changes, as its panel shows them, and the page of all large ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from batchbook.batches.engine.execution_check import (
    ExecutionCheck,
    RowChange,
    check_execution,
    count_edited,
    edited_rows,
    rows_beyond,
)
from batchbook.batches.engine.preview import bind_options
from batchbook.batches.lifecycle import FINAL, Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.view import BatchMasterView
from batchbook.web.formatting import number as number_text

#: The number of rows of each kind that the page lists.
LISTED = 500


@dataclass(frozen=True)
class LargeChange:
    """One of the largest changes of a number: the row's number, its page and its key, the values, and the change."""

    url: str
    sequence: int
    key: str
    before: str
    after: str
    percent: str


@dataclass(frozen=True)
class NumberView:
    """A number that an execution changes: its largest rises and falls, and the warning that has to be confirmed.

    ``token`` confirms it, and ``url`` shows all rows that the warning is about. Other limits of the type are shown like a number
    without changes. ``needs_reason`` tells that a reason is needed to confirm.
    """

    name: str
    token: str
    label: str
    rises: tuple[LargeChange, ...]
    falls: tuple[LargeChange, ...]
    warning: str
    url: str
    needs_reason: bool = False


def large_changes_url(view: BatchMasterView, batch: Batch, options: Mapping[str, Any], part: str) -> str:
    """Return the address of the ``part`` of the page of changes when the batch is executed with ``options``."""
    query = urlencode(options, doseq=True)
    return f"{view.url('large_changes', batch)}{'?' if query else ''}{query}#{part}"


def numbers_of(
    view: BatchMasterView, batch: Batch, check: ExecutionCheck, options: Mapping[str, Any] | None = None
) -> tuple[NumberView, ...]:
    """Return the numbers of ``check`` that change, with links to their rows; ``options`` are the chosen ones, if any."""
    return tuple(
        NumberView(
            number.change.name,
            number.token,
            number.change.label,
            _changes(view, batch, number.rises),
            _changes(view, batch, number.falls),
            number.warning,
            large_changes_url(view, batch, options or {}, f"changes-{number.change.name}"),
            check.needs_reason,
        )
        for number in check.numbers
        if number.rises or number.falls or number.warning
    ) + tuple(
        NumberView(
            limit.name, limit.token, "", (), (), limit.warning, view.url("view", batch), check.needs_reason
        )
        for limit in check.limits
        if limit.warning
    )


def _changes(view: BatchMasterView, batch: Batch, rows: Sequence[RowChange]) -> tuple[LargeChange, ...]:
    return tuple(
        LargeChange(
            view.url("row", batch, sequence=row.sequence),
            row.sequence,
            row.key,
            number_text(row.before, view.request.conventions),
            number_text(row.after, view.request.conventions),
            row.percent_text,
        )
        for row in rows
    )


class LargeChanges(BatchPage):
    """All rows that change a number by more than is usual, and the rows that people edited."""

    name = "large_changes"
    pattern = "/large-changes"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/large_changes.jinja2"

    def get(self) -> dict[str, Any]:
        """List the rows, the largest changes first; the options of the execution are in the query."""
        context = self.action_context
        query = self.request.GET
        options = bind_options(context.handler, {name: _sent(query.getall(name)) for name in query})
        frozen = self.batch.state in FINAL
        check = ExecutionCheck() if frozen else check_execution(context, options)
        numbers = [
            (number, _changes(self.view, self.batch, rows_beyond(context, number, LISTED)))
            for number in check.numbers
            if number.beyond
        ]
        edited = edited_rows(context, LISTED)
        return self.template_values(
            numbers=numbers,
            edited=[(row, self.view.url("row", self.batch, sequence=row)) for row in edited],
            edited_count=count_edited(context)[0] if frozen else check.edited,
            listed=LISTED,
        )


def _sent(texts: Sequence[str]) -> Any:
    return list(texts) if len(texts) > 1 else texts[0]
