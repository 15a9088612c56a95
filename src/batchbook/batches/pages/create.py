"""Making a batch: a header, a file where the type takes one, and the rows that come of it, all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.batches.creation import create_batch
from batchbook.batches.editing import CellProblems
from batchbook.batches.engine import Result
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.base import led_on, sent_texts
from batchbook.batches.runner import ActionCall
from batchbook.errors import BadInput
from batchbook.forms import WHOLE_FORM, BoundForm, Field, Form
from batchbook.grid import Kind
from batchbook.master import Page
from batchbook.tables import SUFFIXES
from batchbook.web.once import claim_form

if TYPE_CHECKING:
    from batchbook.batches.views import BatchMasterView

_UNPROCESSABLE = 422
#: The field of the form that takes the file.
FILE_FIELD = "file"


class CreateBatch(Page):
    """A form for a new batch."""

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
        bound = self._fields().validate(self.request.POST)
        if bound.valid:
            try:
                with claim_form(self.request) as remember:
                    batch, result = self._create(bound)
                    remember(result.message)
            except CellProblems as error:
                for name, problem in error.problems.items():
                    bound.add_error(name, problem)
            except BadInput as error:
                bound.add_error(
                    FILE_FIELD if bound.values.get(FILE_FIELD) is not None else WHOLE_FORM, error.message
                )
            else:
                return led_on(self.request, result, self.view.url("view", batch))
        self.request.response.status_int = _UNPROCESSABLE
        return self._form(bound)

    def _create(self, bound: BoundForm) -> tuple[Batch, Result]:
        texts = {
            name: text for name, text in sent_texts(bound, self.request.POST).items() if name != FILE_FIELD
        }
        upload = bound.values.get(FILE_FIELD)
        file, name = (upload.file, upload.filename) if upload is not None else (None, "")
        key = self.view.batch_type.key
        batch = create_batch(self.view.engine, key, texts, file, name)
        call = ActionCall(batch.id, Action.POPULATE, self.request.authenticated_userid)
        return batch, self.request.registry["batch_runner"].submit(self.request.db, call)

    def _fields(self) -> Form:
        fields = list(self.view.form(None).fields)
        columns = self.view.batch_type.handler.file_columns
        if columns:
            help_text = f"{' or '.join(SUFFIXES)} with the columns {', '.join(columns)}."
            fields.insert(0, Field.of(FILE_FIELD, Kind.TEXT, label="File", widget="file", help=help_text))
        return Form(fields)

    def _form(self, bound: BoundForm) -> dict[str, Any]:
        return self.template_values(
            bound=bound, title=f"New {self.view.title_one}", accept=",".join(SUFFIXES)
        )
