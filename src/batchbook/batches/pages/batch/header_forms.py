"""Forms of a batch's header: one for a new batch with its file, one for an existing batch."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.editing import CellProblems, HeaderEditor, editable_columns
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.engine.file_intake import file_source_of, has_mapped_file, intake_fields
from batchbook.batches.files import input_file
from batchbook.batches.hook_guard import telling_failure
from batchbook.batches.intake.file_source import FileSource
from batchbook.batches.lifecycle import Action, State
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import UNPROCESSABLE, EditPage, follow_on, sent_texts, uploaded_before
from batchbook.batches.pages.file.template_page import NewTemplate, fields_of_type
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.pages.view_models import suggestions_for
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.running.bulk_edits import EDIT_HEADER, enqueue_edit, is_big
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.db.base import scalar_defaults
from batchbook.errors import BadInput
from batchbook.forms import WHOLE_FORM, BoundForm, Field, Form
from batchbook.grid import Kind, to_text
from batchbook.grid.number_formats import NUMBER_FORMAT, format_of
from batchbook.master import Page
from batchbook.master.conflicts import FieldConflict
from batchbook.tables import SUFFIXES
from batchbook.web.flash import flash
from batchbook.web.idempotency import claim_key
from batchbook.web.request import Request

#: The fields of the form for a file and for pasted rows.
FILE_FIELD, PASTED_FIELD = "file", "pasted"
_SOURCES = (FILE_FIELD, PASTED_FIELD)
_PASTED_NAME = "pasted.tsv"


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
        """Show the form with the defaults of a new batch."""
        preset = scalar_defaults(self.view.model.__mapper__.columns)
        return self._form(self._fields().bind(preset))

    def post(self) -> Any:
        """Create the batch and show it; or show the form again, with nothing left behind."""
        bound = self._fields().validate(self.request.POST)
        if bound.valid:
            try:
                with claim_key(self.request) as remember:
                    batch, result = self._create(bound)
                    remember(result.message)
            except CellProblems as error:
                for name, problem in error.problems.items():
                    bound.add_error(name, problem)
            except BadInput as error:
                # A refusal is shown beside the field that has the rows, if one has.
                source = next((name for name in _SOURCES if bound.values.get(name) is not None), WHOLE_FORM)
                bound.add_error(source, error.message)
            else:
                return show_new_batch(self.request, batch, result)
        self.request.response.status_int = UNPROCESSABLE
        return self._form(bound)

    def _create(self, bound: BoundForm) -> tuple[Batch, Result]:
        """Create the batch, and populate it unless its file has to be checked first."""
        texts = {
            name: text for name, text in sent_texts(bound, self.request.POST).items() if name not in _SOURCES
        }
        file, name = _source(bound)
        engine = self.view.engine
        conventions = self.request.conventions
        batch = create_batch(engine, self.view.batch_type.key, texts, file, name, conventions=conventions)
        self._warn_of_earlier_upload(batch)
        return batch, populate_if_plain(self.request, engine, batch)

    def _warn_of_earlier_upload(self, batch: Batch) -> None:
        stored = input_file(self.request.db, batch)
        for sentence, url in uploaded_before(self.request, [stored] if stored else []).values():
            message = f"{sentence} Make sure that it is meant to be used a second time."
            flash(self.request, message, "warning", url)

    def _fields(self) -> Form:
        fields = list(self.view.form(None).fields)
        source = self.view.batch_type.handler.file_source
        if source is not None:
            fields[:0] = _source_fields(source)
        return Form(fields, [_one_source], conventions=self.request.conventions)

    def _form(self, bound: BoundForm) -> dict[str, Any]:
        return self.template_values(
            bound=bound,
            title=f"New {self.view.title_one}",
            accept=",".join(SUFFIXES),
            suggestions=suggestions_for(self.view),
            template_url=self.view.url(NewTemplate.name) if self._has_template else None,
        )

    @property
    def _has_template(self) -> bool:
        offered = any(page.name == NewTemplate.name for page in self.view.pages)
        return offered and bool(fields_of_type(self.view))


def populate_if_plain(request: Request, engine: Engine, batch: Batch) -> Result:
    """Have a new batch populated, unless its file has to be checked first; return the result for the user."""
    context = engine.context_of(batch)
    if has_mapped_file(context):
        with telling_failure("The batch was not created"):
            intake = file_source_of(context).inspect(context.handler, batch)
            is_plain = intake.is_plain(intake_fields(context))
        if intake.report.problem:
            return Result(f"{batch} was created. It has no rows yet: choose how its file is to be read.")
        if not is_plain:
            return Result(
                f"{batch} was created. It has no rows yet: check how the file was read, then match its columns."
            )
    call = ActionCall(batch.id, Action.POPULATE, engine.actor)
    result: Result = request.services.get(Runner).submit(request.db, call)
    return result


def show_new_batch(request: Request, batch: Batch, result: Result) -> HTTPSeeOther:
    """Return a redirect to the page of a new batch with the message of ``result``, or to the check of its file."""
    prefix = f"batches.{batch.type}"
    if batch.state == State.NEW and result.job_id is None and not result.failed:
        flash(request, result.message, "info")
        return HTTPSeeOther(request.route_path(f"{prefix}.intake", id=batch.id))
    return follow_on(request, result, request.route_path(f"{prefix}.view", id=batch.id))


def _source_fields(source: FileSource) -> list[Field]:
    columns = ", ".join(source.columns)
    help_text = f"{', '.join(SUFFIXES)}{f' with the columns {columns}' if columns else ''}."
    fields = [Field.of(FILE_FIELD, Kind.TEXT, label="File", widget="file", help=help_text)]
    if source.maps_columns:
        fields[0] = replace(fields[0], help=f"{help_text} You can match other columns after uploading.")
        pasted = "Paste from a spreadsheet or email, including the header row."
        fields.append(
            Field.of(PASTED_FIELD, Kind.TEXT, label="Or paste rows", widget="textarea", help=pasted)
        )
    return fields


def _one_source(values: dict[str, Any]) -> dict[str, str]:
    if values.get(FILE_FIELD) is not None and values.get(PASTED_FIELD):
        return {PASTED_FIELD: "Choose a file or paste rows, not both."}
    return {}


def _source(bound: BoundForm) -> tuple[BinaryIO | None, str]:
    """Return the file that has the rows, and its name."""
    upload = bound.values.get(FILE_FIELD)
    if upload is not None:
        return upload.file, upload.filename
    if bound.values.get(PASTED_FIELD):
        # As it was sent: the form must not strip tabs at the ends of pasted rows.
        return io.BytesIO(str(bound.texts[PASTED_FIELD]).encode()), _PASTED_NAME
    return None, ""


class EditHeader(EditPage):
    """The form of an existing batch's header."""

    name = "edit"
    pattern = "/edit"
    template = "batchbook.templates:batches/header.jinja2"
    button = "Edit header"

    def get(self) -> dict[str, Any]:
        """Show the form with the stored values."""
        bound = self.form().bind(self.view.values_of(self.batch))
        return self.page_values(bound, self.batch.version)

    @property
    def next_url(self) -> str:
        """The batch's page."""
        return self.own_url

    def form(self) -> Form:
        """Return the header's form."""
        return self.view.form(self.batch).written_by(self.request.conventions)

    def stored(self, texts: Mapping[str, str], version: int, seen: Mapping[str, str]) -> HTTPSeeOther:
        """Store the header, or enqueue that where it refreshes very many rows; problems are found before that."""
        services, conventions = self.request.services, self.request.conventions
        editor = HeaderEditor(self.engine, conventions)
        if not is_big(services, editor.touches(self.batch.id, texts, version, seen)):
            return super().stored(texts, version, seen)
        arguments = {"texts": dict(texts), "version": version, "seen": dict(seen)}
        arguments[NUMBER_FORMAT] = format_of(conventions).value
        result = enqueue_edit(services, self.engine, self.batch.id, EDIT_HEADER.name, arguments)
        return follow_on(self.request, result, self.next_url)

    def texts_now(self) -> dict[str, str]:
        """Return the stored texts of the header's fields."""
        columns = editable_columns(self.view.batch_type.header, EVERYTHING)
        conventions = self.request.conventions
        return {
            column.name: to_text(column, getattr(self.batch, column.name), conventions) for column in columns
        }

    def store(self, texts: Mapping[str, str], version: int, seen: Mapping[str, str]) -> list[str]:
        """Store the header."""
        editor = HeaderEditor(self.engine, self.request.conventions)
        return editor.edit(self.batch.id, texts, version, seen)

    def page_values(
        self,
        bound: BoundForm,
        version: int | None,
        stale: Sequence[FieldConflict] = (),
        seen: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the values of the page with the form ``bound`` in it."""
        seen = self.texts_now() if seen is None else seen
        return self.template_values(
            bound=bound,
            version=version,
            stale=stale,
            seen=seen,
            suggestions=suggestions_for(self.view),
            cancel_url=self.own_url,
        )
