"""The common part of a batch's pages, and of the forms that edit a header or a row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

import sqlalchemy
from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches import access
from batchbook.batches.concurrency import read_seen_texts, read_version
from batchbook.batches.earlier_uploads import earlier_uploads
from batchbook.batches.editing import CellProblems, StaleEdit, editable_by_name
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, BatchFile, BatchRow, CellChange
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.action_tasks import note_refusal
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.errors import BatchbookError
from batchbook.forms import BoundForm, Form
from batchbook.grid import Column, shown_text
from batchbook.master import Page
from batchbook.master.conflicts import FieldConflict
from batchbook.statuses import Status
from batchbook.web.flash import flash
from batchbook.web.request import Request

#: Statuses of a form that is shown again: to be corrected, and overtaken by another person's change.
UNPROCESSABLE, CONFLICT = 422, 409


class ShownChange(NamedTuple):
    """A cell that an operation changed: the sequence of its row, or 0, its field, and its texts before and after.

    ``original`` is the text from the file or query.
    """

    sequence: int
    field: str
    old: str | None
    new: str | None
    original: str | None


def may_see(page: Page, other: Batch) -> bool:
    """Return whether the person may see the batch ``other``, which may be of another type than that of ``page``."""
    return access.may_now(page.request.identity.permissions, other, Action.VIEW)


class BatchPage(Page):
    """A page of one batch; its permission is an action of the lifecycle."""

    on_record = True
    view: BatchMasterView

    @property
    def batch(self) -> Batch:
        """The batch in the address."""
        batch: Batch = self.record
        return batch

    @property
    def engine(self) -> Engine:
        """The engine acting for the person who is signed in."""
        return self.view.engine

    @cached_property
    def action_context(self) -> ActionContext:
        """The context of an action on the batch, for reading."""
        return self.engine.context_of(self.batch)

    @property
    def row_model(self) -> type[BatchRow]:
        """The model of the batch's rows."""
        return self.view.batch_type.rows.of(self.batch)

    @property
    def statuses(self) -> type[Status] | None:
        """The enum of the statuses of the type's rows; ``None`` for a type that has its own column."""
        return self.view.batch_type.handler.statuses

    @cached_property
    def seen_columns(self) -> Sequence[Column]:
        """The columns of the rows that the person may see, as their grid has them."""
        return self.view.row_table.all_columns(self.row_model, self.statuses, self.action_context.access)

    @property
    def own_url(self) -> str:
        """The batch's page."""
        return self.view.url("view", self.batch)

    def shown_change(self, change: CellChange, original: str | None) -> ShownChange:
        """Return a changed cell with its texts, also the ``original`` one from the source, as the person reads them."""
        column = self._edited_columns[change.sequence > 0].get(change.field)
        texts = [change.old, change.new, original]
        if column is not None:
            conventions = self.request.conventions
            texts = [text and shown_text(column, text, conventions) for text in texts]
        return ShownChange(change.sequence, change.field, *texts)

    @cached_property
    def _edited_columns(self) -> Sequence[Mapping[str, Column]]:
        """The editable columns by name, those of the header before those of rows."""
        return [
            editable_by_name(model, EVERYTHING) for model in (self.view.batch_type.header, self.row_model)
        ]

    def template_values(self, **values: Any) -> dict[str, Any]:
        """Return the context of the template, with the batch in it."""
        return super().template_values(batch=self.batch, **values)

    def ask(
        self, action: Action, options: Mapping[str, Any] | None = None, version: int | None = None
    ) -> Result:
        """Have the runner do ``action`` or enqueue it; return its result."""
        call = ActionCall(self.batch.id, action, self.request.authenticated_userid, options or {}, version)
        try:
            result: Result = self.request.services.get(Runner).submit(self.request.db, call)
        except BatchbookError as error:
            if action is Action.EXECUTE:
                self._note_refusal(call, error)
            raise
        return result

    def _note_refusal(self, call: ActionCall, error: BatchbookError) -> None:
        """Record that ``call`` was refused, once the request's transaction is rolled back."""
        services = self.request.services
        database, types = services.get(sqlalchemy.Engine), services.get(BatchTypes)
        self.request.tm.get().addAfterAbortHook(note_refusal, (database, types, call, error, None))

    def submit(
        self, action: Action, options: Mapping[str, Any] | None = None, version: int | None = None
    ) -> HTTPSeeOther:
        """Have the runner do ``action`` or enqueue it, then show the batch with a message, or the job's page."""
        return follow_on(self.request, self.ask(action, options, version), self.own_url)


def uploaded_before(request: Request, files: Sequence[BatchFile]) -> dict[int, tuple[str, str]]:
    """Return a sentence on the earlier upload of each of ``files``, by number, with the address of its batch, or an empty one."""
    may_see = partial(access.may_see, request.identity.permissions)
    return {
        number: (
            earlier.sentence,
            request.route_path("batches.find", number=f"{earlier.linked:08d}") if earlier.linked else "",
        )
        for number, earlier in earlier_uploads(request.db, files, may_see).items()
    }


def follow_on(request: Request, result: Result, url: str) -> HTTPSeeOther:
    """Return a redirect to ``url``, which shows the message of ``result`` once; to the page of its job if it has one."""
    if result.job_id is not None:
        if result.at_once:
            flash(request, result.at_once)
        return HTTPSeeOther(request.route_path("jobs.await", id=result.job_id))
    flash(request, result.message, "error" if result.failed else "success")
    return HTTPSeeOther(url)


def sent_texts(bound: BoundForm, params: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts that were sent for the form ``bound``, by field; a checkbox that is not ticked is "no".

    A field that was not sent is left out: a page that was opened before the field was there must not empty it.
    """
    return {
        field.name: str(bound.texts[field.name] or ("no" if field.widget == "checkbox" else ""))
        for field in bound.fields
        if field.was_sent(params)
    }


def show_problems(request: Request, bound: BoundForm, error: CellProblems) -> None:
    """Put the problems of ``error`` beside the fields of ``bound``, and answer with status 422."""
    bound.errors = {name: [problem] for name, problem in error.problems.items()}
    request.response.status_int = UNPROCESSABLE


class EditPage(BatchPage, ABC):
    """A form that is stored, or shown again: with its problems, or with both values where two people changed a field.

    A subclass has the ``form`` and the texts that it has now, stores it, shows it again, and has the address of the next page.
    """

    permission = Action.EDIT.value

    def post(self) -> Any:
        """Store the form and show the next page; or show the form again."""
        bound = self.form().validate(self.request.POST)
        version, seen = read_version(self.request.POST), read_seen_texts(self.request.POST)
        texts = sent_texts(bound, self.request.POST)
        texts = {name: text.replace("\r\n", "\n") for name, text in texts.items()}
        try:
            return self.stored(texts, version, seen)
        except CellProblems as error:
            show_problems(self.request, bound, error)
            return self.page_values(bound, version, seen=seen)
        except StaleEdit as error:
            self.request.response.status_int = CONFLICT
            now = self.texts_now()
            bound.texts |= {name: now[name] for name in now if name in seen and texts.get(name) == seen[name]}
            values = self.page_values(bound, error.version, conflicts(bound, error))
            reason = f"{error.event} Your changes are not saved yet: save them to replace the saved ones, or cancel."
            return values | {"stale_reason": reason}

    def stored(self, texts: Mapping[str, str], version: int, seen: Mapping[str, str]) -> HTTPSeeOther:
        """Store ``texts``, or enqueue that, and return a redirect; raises as :meth:`store` does."""
        changed = self.store(texts, version, seen)
        message = f"Changed {', '.join(changed)}{self.place}." if changed else "Nothing was changed."
        return self.done(message, self.next_url)

    @property
    def place(self) -> str:
        """The changed part of the batch, as the end of a sentence."""
        return ""

    @property
    @abstractmethod
    def next_url(self) -> str:
        """The address of the page that follows when the form is stored."""

    @abstractmethod
    def form(self) -> Form:
        """Return the form, empty."""

    @abstractmethod
    def texts_now(self) -> dict[str, str]:
        """Return the texts, by field, of a form that is opened now."""

    @abstractmethod
    def store(self, texts: Mapping[str, str], version: int, seen: Mapping[str, str]) -> list[str]:
        """Store ``texts``, by field, over ``version`` and the texts ``seen``; return the labels of the changed fields.

        Raises as editors do.
        """

    @abstractmethod
    def page_values(
        self,
        bound: BoundForm,
        version: int | None,
        stale: Sequence[FieldConflict] = (),
        seen: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the values of the page with ``bound`` in it, which carries ``version`` and the texts ``seen``, those of now by default."""


def conflicts(bound: BoundForm, stale: StaleEdit) -> list[FieldConflict]:
    """Return the fields of ``bound`` that ``stale`` names, in their order, with both values."""
    return [
        FieldConflict(field.name, field.label, stale.mine[field.name], stale.theirs[field.name])
        for field in bound.fields
        if field.name in stale.mine
    ]
