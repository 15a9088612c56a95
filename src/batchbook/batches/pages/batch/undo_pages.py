"""Undo and redo by buttons and by the grid's keys, and the parts of pages that offer them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.editing import Undoer, UndoResult
from batchbook.batches.editing.reversible import (
    Reversible,
    next_redo,
    next_undo,
    reversals_of,
    reversible,
    reversible_among,
)
from batchbook.batches.editing.undo import OvertakenError, TooManyCellsError
from batchbook.batches.history import UNDO, last_operation
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Operation
from batchbook.batches.pages.batch_page import CONFLICT, BatchPage, follow_on
from batchbook.batches.policies.field_access import MASKED, masked_operations
from batchbook.batches.running.bulk_edits import REVERSE, enqueue_edit, is_big
from batchbook.errors import Conflict
from batchbook.web.flash import flash
from batchbook.web.json_bodies import json_answer
from batchbook.web.request import prefers_json

#: The number of characters of a sentence on a button.
_LONGEST = 60


@dataclass(frozen=True)
class UndoButton:
    """A button that undoes or redoes something: its address, its label, and the whole sentence on what it does."""

    url: str
    label: str
    title: str


@dataclass(frozen=True)
class UndoButtons:
    """The buttons of a batch for the person: what they can undo and redo next, and those of operations by number.

    ``reversed_by`` has the operations that undid or redid others, by the number of these.
    """

    undo: UndoButton | None = None
    redo: UndoButton | None = None
    of_operations: Mapping[int, UndoButton] = field(default_factory=dict)
    reversed_by: Mapping[int, Operation] = field(default_factory=dict)


def undo_buttons(page: BatchPage, operations: Sequence[Operation] = ()) -> UndoButtons:
    """Return the buttons for the batch of ``page`` and for ``operations``; none if the person cannot edit it."""
    view, batch = page.view, page.batch
    reversals = reversals_of(page.request.db, batch.id, [one.number for one in operations])
    if not view.may(Action.EDIT, batch):
        return UndoButtons(reversed_by=reversals)
    session, actor = page.request.db, page.request.authenticated_userid
    undo, redo = (find(session, batch.id, actor) for find in (next_undo, next_redo))
    numbers = reversible_among(session, batch.id, [one.number for one in operations])
    masked = masked_operations(session, batch.id, page.action_context.access)
    return UndoButtons(
        _button(view.url("undo", batch), "Undo", undo, masked),
        _button(view.url("redo", batch), "Redo", redo, masked),
        {
            one.number: UndoButton(
                view.url("undo_operation", batch, number=one.number),
                "Redo" if one.kind == UNDO else "Undo",
                one.summary,
            )
            for one in operations
            if one.number in numbers
        },
        reversals,
    )


def _button(url: str, verb: str, what: Reversible | None, masked: Collection[int]) -> UndoButton | None:
    if what is None:
        return None
    summary = MASKED if what.number in masked else what.summary
    words = summary.removesuffix(".")
    if len(words) > _LONGEST:
        words = f"{words[: _LONGEST - 1].rstrip()}…"
    return UndoButton(url, f"{verb}: {words}", f"{verb}: {summary}")


class _UndoPage(BatchPage):
    """A page that undoes or redoes something. Scripts are answered by JSON, see :meth:`_data`."""

    permission = Action.EDIT.value

    @property
    def next_url(self) -> str:
        """The address of the page that follows."""
        return self.own_url

    @property
    def number(self) -> int | None:
        """The number of the operation that the address names, if it names one."""
        number = self.request.matchdict.get("number")
        return None if number is None else int(number)

    @property
    def is_partly(self) -> bool:
        """Whether cells that were changed again are left alone, instead of refusing all."""
        return True

    @property
    def in_line(self) -> str:
        """The kind of operation that does what is next in line for the person; empty where the address names an operation."""
        return "" if self.number else self.name

    def found(self) -> Reversible | None:
        """Return the operation that is to be reversed; ``None`` if there is none."""
        raise NotImplementedError

    def reverse(self, undoer: Undoer) -> UndoResult:
        """Undo or redo by ``undoer``; raises as its methods do."""
        raise NotImplementedError

    def post(self) -> Any:
        """Undo or redo at once, or by a job if it is big."""
        request, found = self.request, self.found()
        is_script = prefers_json(request)
        try:
            undoer = Undoer(self.engine, partial(is_big, request.services))
            if found and is_big(request.services, undoer.touches(self.batch.id, found.number)):
                return self._enqueued(found)
            result = self.reverse(undoer)
        except TooManyCellsError as error:
            return self._enqueued(error.first)
        except Conflict as error:
            if is_script:
                raise
            if isinstance(error, OvertakenError) and error.result.undone:
                request.response.status_int = CONFLICT
                return self.template_values(
                    result=error.result, number=self.number, history_url=self.next_url
                )
            flash(request, error.message, "error")
            return HTTPSeeOther(self.next_url)
        if is_script:
            return json_answer(self._data(result))
        flash(request, result.message, "warning" if result.left else "success")
        return HTTPSeeOther(self.next_url)

    def _enqueued(self, found: Reversible) -> Any:
        arguments = {"number": found.number, "partly": self.is_partly, "next": self.in_line}
        result = enqueue_edit(
            self.request.services, self.engine, self.batch.id, REVERSE.name, arguments, None
        )
        answer = follow_on(self.request, result, self.next_url)
        if not prefers_json(self.request):
            return answer
        body = {"operation": None, "message": result.message, "job": answer.location}
        return json_answer(body)

    def _data(self, result: UndoResult) -> dict[str, Any]:
        """Return the answer to a script.

        ``operation``  the number of the operation that undid or redid something; null if a job does it, at the address ``job``
        ``message``    a sentence for the user
        ``undone``, ``left``   the numbers of cells that changed, and of those that were left alone
        ``skipped``    the first of these: [{key, field, error}]
        ``keys``       the numbers of the rows that changed; null if they are more than 500
        ``version``    what a page has seen that shows the result
        """
        left = [{"key": one.sequence, "field": one.field, "error": one.reason} for one in result.skipped]
        return {
            "operation": result.operation,
            "message": result.message,
            "undone": result.undone,
            "left": result.left,
            "skipped": left,
            "keys": result.sequences,
            "version": str(last_operation(self.request.db, self.batch.id)),
        }


class Undo(_UndoPage):
    """Undo the person's latest operation that is not undone."""

    name = "undo"
    pattern = "/undo"

    def found(self) -> Reversible | None:
        """Return the person's latest operation that is not undone."""
        return next_undo(self.request.db, self.batch.id, self.request.authenticated_userid)

    def reverse(self, undoer: Undoer) -> UndoResult:
        """Undo it; it is looked up again once the batch is locked."""
        return undoer.undo(self.batch.id)


class Redo(_UndoPage):
    """Redo what the person undid last."""

    name = "redo"
    pattern = "/redo"

    def found(self) -> Reversible | None:
        """Return the person's latest undo, if it can be redone."""
        return next_redo(self.request.db, self.batch.id, self.request.authenticated_userid)

    def reverse(self, undoer: Undoer) -> UndoResult:
        """Redo it; it is looked up again once the batch is locked."""
        return undoer.redo(self.batch.id)


class UndoOperation(_UndoPage):
    """Undo or redo one operation of the history, whoever did it.

    It is refused if one of its cells was changed again, unless the form has the field ``partly``: a page asks about that.
    """

    name = "undo_operation"
    template = "batchbook.templates:batches/undo_partly.jinja2"
    pattern = "/history/{number:[0-9]{1,10}}/undo"

    @property
    def next_url(self) -> str:
        """The history."""
        return self.view.url("history", self.batch)

    @property
    def is_partly(self) -> bool:
        """Whether the form has the field ``partly``."""
        return "partly" in self.request.params

    def found(self) -> Reversible | None:
        """Return the operation, if it can be reversed."""
        return reversible(self.request.db, self.batch.id, self.number or 0)

    def reverse(self, undoer: Undoer) -> UndoResult:
        """Reverse it."""
        return undoer.reverse(self.batch.id, self.number or 0, partly=self.is_partly)
