"""Making a batch: a header, a file where the type takes one, and the rows that come of it, all or nothing."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from batchbook.batches.actions import ActionCall
from batchbook.batches.creation import Creator
from batchbook.batches.editing import CellProblems
from batchbook.batches.engine import Result
from batchbook.batches.lifecycle import Action as Step
from batchbook.batches.models import Batch
from batchbook.batches.pages.base import sent_texts
from batchbook.batches.tabular import SUFFIXES
from batchbook.errors import BadInput, Conflict
from batchbook.forms import WHOLE_FORM, BoundForm, Field, Form
from batchbook.grid import Kind
from batchbook.master import Action
from batchbook.web.flash import flash

if TYPE_CHECKING:
    from batchbook.batches.views import BatchMasterView

_UNPROCESSABLE = 422
_FILE = "file"


class CreateBatch(Action):
    """A form for a new batch. It carries a key of its own, so that sending it twice makes one batch."""

    view: BatchMasterView

    name = "create"
    pattern = "/new"
    permission = "create"
    template = "batchbook.templates:batches/create.jinja2"
    button = "New batch"
    kind = "primary"

    def get(self) -> dict[str, Any]:
        """Show the empty form."""
        return self._form(self._fields().bind())

    def post(self) -> Any:
        """Create and populate the batch and show it; or show the form again, with nothing left behind."""
        self._refuse_second_time()
        bound = self._fields().validate(self.request.POST)
        if bound.valid:
            try:
                with self.request.db.begin_nested():
                    batch, result = self._create(bound)
            except IntegrityError:
                self._refuse_second_time()  # The other one was committed while this one waited for it.
                raise
            except CellProblems as error:
                for name, problem in error.problems.items():
                    bound.add_error(name, problem)
            except BadInput as error:
                bound.add_error(_FILE if self._upload() is not None else WHOLE_FORM, error.message)
            else:
                flash(self.request, result.message, "error" if result.failed else "success")
                return HTTPSeeOther(self.view.url("view", batch))
        self.request.response.status_int = _UNPROCESSABLE
        return self._form(bound)

    def _refuse_second_time(self) -> None:
        key = self.request.POST.get("form_key", "")
        made = self.request.db.scalar(select(Batch.id).where(Batch.form_key == key)) if key else None
        if made is not None:
            raise Conflict(
                f"This form was sent before: it created batch {made:08d}. No second batch was made."
            )

    def _create(self, bound: BoundForm) -> tuple[Batch, Result]:
        texts = {name: text for name, text in sent_texts(bound).items() if name != _FILE}
        upload = self._upload()
        file, name = (upload.file, upload.filename) if upload is not None else (None, "")
        key = self.view.batch_type.key
        batch = Creator(self.view.engine).create(key, texts, file, name)
        batch.form_key = self.request.POST.get("form_key", "")[:40] or None
        call = ActionCall(batch.id, Step.POPULATE, self.request.authenticated_userid)
        return batch, self.request.registry["batch_runner"].submit(self.request.db, call)

    def _upload(self) -> Any:
        sent = self.request.POST.get(_FILE)
        return sent if getattr(sent, "filename", "") else None

    def _fields(self) -> Form:
        fields = list(self.view.form(None).fields)
        columns = self.view.batch_type.handler.file_columns
        if columns:
            help_text = f"{' or '.join(SUFFIXES)} with the columns {', '.join(columns)}."
            fields.insert(0, Field.of(_FILE, Kind.TEXT, label="File", widget="file", help=help_text))
        return Form(fields)

    def _form(self, bound: BoundForm) -> dict[str, Any]:
        key = self.request.POST.get("form_key") or secrets.token_urlsafe(24)
        return self.page(
            bound=bound, title=f"New {self.view.title_one}", accept=",".join(SUFFIXES), form_key=key
        )
