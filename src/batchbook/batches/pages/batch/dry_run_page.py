"""The page of a dry run: what an execution would do to each record, found out by executing and undoing it, and its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import FileIter, Response

from batchbook.batches.concurrency import read_version
from batchbook.batches.effects.models import Effect
from batchbook.batches.engine.preview import bind_options, default_values, options_as_json
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages import view_models
from batchbook.batches.pages.batch.schedule_page import sent_options
from batchbook.batches.pages.batch_page import CONFLICT, BatchPage
from batchbook.batches.policies.field_access import refuse_if_limited
from batchbook.batches.running.dry_run import (
    EFFECT_COLUMNS,
    DryRun,
    Reader,
    dry_run,
    effect_lines,
    enqueue_dry_run,
    first,
    kept_effects,
    result_of,
    value_text,
)
from batchbook.errors import BadInput, Conflict, Refused
from batchbook.grid import label_of
from batchbook.jobs import JobService
from batchbook.master.paging import whole_number
from batchbook.master.record_pages import CONTENT_TYPES, write_export
from batchbook.security.audit_log import EXPORTED, FILE, record_event

#: The number of records that the page lists.
LISTED = 500
_IN_MEMORY = 4 * 1024 * 1024


class _DryRunPage(BatchPage):
    """A page of a dry run. The job that did it is in the address, or the options are in the form."""

    permission = Action.DRY_RUN.value

    def options(self) -> dict[str, Any]:
        """Return the options that the form sent."""
        return sent_options(self.request, self.action_context.handler.execution_policy.options)

    @property
    def job_id(self) -> int | None:
        """The number of the job in the address; ``None`` without one."""
        text = self.request.GET.get("job")
        return None if text is None else whole_number(text)


class DryRunBatch(_DryRunPage):
    """Find out what executing the batch would do, without doing it."""

    name = Action.DRY_RUN.value
    pattern = "/dry-run"
    button = "Dry run"
    template = "batchbook.templates:batches/dry_run.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the form of the options; with a job in the address, its result."""
        if self.job_id is None:
            return self._values(default_values(self.action_context.handler))
        refuse_if_limited(self.action_context.access, "A dry run")
        found = result_of(self.request.db, self.job_id, self.batch, LISTED)
        return self._values(default_values(self.action_context.handler), found)

    def post(self) -> Any:
        """Do the dry run and show its result; of a large batch, enqueue a job for it."""
        options, version = self.options(), read_version(self.request.POST)
        jobs = self.request.services.get(JobService)
        try:
            if jobs.is_big(self.batch.row_count):
                job = enqueue_dry_run(jobs, self.engine, self.batch.id, options, version)
                return HTTPSeeOther(self.request.route_path("jobs.await", id=job.id))
            found = dry_run(self.engine, self.batch.id, options, first(LISTED), version)
        except (BadInput, Conflict, Refused) as error:
            self.request.response.status_int = CONFLICT
            return self._values(options, refusal=error.message)
        return self._values(options, found)

    def _values(
        self, options: Mapping[str, Any], found: DryRun | None = None, refusal: str = ""
    ) -> dict[str, Any]:
        form = self.action_context.handler.execution_policy.options
        conventions = self.request.conventions
        return self.template_values(
            bound=view_models.bound_options(form, options, conventions) if form else None,
            sent=self._sent(options) if found else (),
            found=found,
            refusal=refusal,
            lines=[self._line(effect) for effect in found.effects] if found else (),
            files=self._files(),
            job=self.job_id,
            listed=LISTED,
            cancel_url=self.own_url,
        )

    def _sent(self, options: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return the options as hidden fields of the form that makes a file."""
        values = options_as_json(bind_options(self.action_context.handler, options))
        fields = [(name, value if isinstance(value, list) else [value]) for name, value in values.items()]
        return [
            (name, value_text(one) or "")
            for name, all_of_it in fields
            for one in all_of_it
            if one is not False
        ]

    def _files(self) -> list[tuple[str, str]]:
        query = {} if self.job_id is None else {"job": self.job_id}
        return [
            (f"Download {name}", self.view.url("dry_run_file", self.batch, format=name.lower(), _query=query))
            for name in ("CSV", "XLSX")
        ]

    def _line(self, effect: Effect) -> tuple[Effect, str, str, list[tuple[str, str | None, str | None]]]:
        """Return an effect with the name of its records, the address of its row, and its values as texts."""
        return (
            effect,
            label_of(effect.target),
            self.view.url("row", self.batch, sequence=effect.sequence),
            view_models.effect_changes(effect, self.request.conventions),
        )


class DryRunFile(_DryRunPage):
    """All effects of a dry run as a file: of the job in the address, or of another dry run with the options of the form."""

    name = "dry_run_file"
    pattern = "/dry-run.{format:csv|xlsx}"

    def get(self) -> Response:
        """Return the effects that the job found."""
        return self._response(
            lambda write: write(kept_effects(self.request.db, self.job_id or 0, self.batch))
        )

    def post(self) -> Response:
        """Do the dry run again and return its effects; of a large batch, only a job does one."""
        if self.request.services.get(JobService).is_big(self.batch.row_count):
            raise Conflict(
                f"{self.batch} is large, so a job does its dry run, and no file was made. Start the dry run on its page; its result"
                " has the files."
            )
        return self._response(lambda write: dry_run(self.engine, self.batch.id, self.options(), write))

    def _response(self, run: Callable[[Reader], object]) -> Response:
        """Return the file of the effects that ``run`` passes on."""
        file_format: str = self.request.matchdict["format"]
        file = cast("BinaryIO", SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - The response closes it.

        def write(effects: Iterator[Effect]) -> Sequence[Effect]:
            write_export(EFFECT_COLUMNS, file_format, effect_lines(effects), file)
            return ()

        try:
            run(write)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        response = Response(content_type=CONTENT_TYPES[file_format], app_iter=FileIter(file))
        name = f"dry-run-{self.batch.number}.{file_format}"
        record_event(self.request, EXPORTED, name, kind=FILE)
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        return response
