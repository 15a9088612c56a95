"""Exports as jobs: large files that are stored in chunks until they are downloaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TypeVar
from urllib.parse import parse_qsl

from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from batchbook.db.bulk_writing import read_chunks, write_chunks
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Missing, Refused
from batchbook.grid.query import STREAM_ROWS
from batchbook.jobs.enqueue import JobRequest
from batchbook.jobs.models import Job, JobFile, JobFileChunk
from batchbook.jobs.service import JobService
from batchbook.jobs.tasks import JobContext, JobResult, Task
from batchbook.master import Caller, GridReference
from batchbook.master.export_choice import ExportChoice
from batchbook.master.grid_sources import INDEX
from batchbook.master.record_pages import CONTENT_TYPES, BigExport, BigExports, write_export
from batchbook.progress import Progress
from batchbook.security.identity import identity_called
from batchbook.services import Services, services_of
from batchbook.words import counted

T = TypeVar("T")


class ExportJobs:
    """Big exports, run as jobs; implements :class:`batchbook.master.record_pages.BigExports`."""

    def __init__(self, jobs: JobService) -> None:
        self.jobs = jobs

    def are(self, count: int) -> bool:
        """Return whether an export of ``count`` rows is big, so that it runs as a job."""
        return self.jobs.is_big(count)

    def enqueue(self, request: Any, export: BigExport) -> str:
        """Enqueue the job that makes the file; return the address of the page that waits for it."""
        job_request = JobRequest(
            task=EXPORT.name,
            subject=export.file_name,
            asked_by=request.authenticated_userid,
            arguments={
                "grid": export.grid.to_json(),
                "format": export.file_format,
                "columns": list(export.columns),
            },
        )
        job = self.jobs.enqueue(request.db, job_request)
        return str(request.route_path("jobs.await", id=job.id))


@contextmanager
def _write_rows(context: JobContext) -> Iterator[tuple[BinaryIO, int]]:
    """Yield a temporary file with the rows, and their number.

    The file is stored only when complete: on SQLite, storing rows as they come would lock out all other writers meanwhile.
    """
    job = context.job
    identity = identity_called(context.session, job.asked_by)
    grid = _reference(job).open(Caller(context.services, context.session, identity))
    count = grid.count()
    rows = _report_rows(grid.rows(), context.progress, count)
    with TemporaryFile() as file:
        if grid.write_rows is not None:
            grid.write_rows(rows, file)
        else:
            arguments = _arguments(job)
            # Jobs of older versions choose no columns.
            columns = ExportChoice(tuple(arguments.get("columns", ()))).of(grid.grid.file_columns)
            write_export(columns, arguments["format"], rows, file)
        yield file, count


def _reference(job: Job) -> GridReference:
    return GridReference.from_json(_arguments(job).get("grid") or {})


def _arguments(job: Job) -> Mapping[str, Any]:
    """Return the arguments of an export, converting those of older versions, which stored the address of a page."""
    if "route" not in job.arguments:
        return job.arguments
    prefix, _, page = job.arguments["route"].rpartition(".")
    match = job.arguments["match"]
    batch = {"batch_id": int(match.get("id", 0))}
    source, arguments = {
        "export": (INDEX, {"view": prefix}),
        "export_rows": ("batch_rows", batch),
        "worksheet": ("worksheet", batch | {"problems": False}),
        "worksheet_problems": ("worksheet", batch | {"problems": True}),
    }.get(page, ("", {}))
    query = parse_qsl(job.arguments["query"], keep_blank_values=True)
    grid = GridReference(source, arguments, query)
    return {"grid": grid.to_json(), "format": match.get("format", "xlsx")}


def _report_rows(rows: Iterable[T], progress: Progress, total: int) -> Iterator[T]:
    progress.report("write rows", 0, total)
    for done, row in enumerate(rows, start=1):
        yield row
        if done % STREAM_ROWS == 0:
            progress.report("write rows", done, total)


def _store_file(context: JobContext) -> JobResult:
    file, count = context.prepared
    name = context.job.subject
    context.progress.report("store the file", 0, None)
    content_type = CONTENT_TYPES[_arguments(context.job)["format"]]
    size = store_job_file(context.session, context.job.id, name, content_type, file)
    return JobResult(f"{name} is ready, with {counted(count, 'row')}.", data={"rows": count, "bytes": size})


def _may_see(request: Any, job: Job) -> bool:
    """Return whether the user of ``request`` may now see the exported grid."""
    services = request.services
    with transaction_scope(services.get(Engine), read_only=True) as session:
        try:
            _reference(job).open(Caller(services, session, request.identity))
        except BadInput:  # The filters can't be read any more, but the user may see the grid.
            return True
        except (Refused, Missing):
            return False
    return True


def _retry(services: Services, session: Session, job: Job, by: str) -> Job:
    _reference(job).open(Caller(services, session, identity_called(session, by)))
    again = JobRequest(job.task, job.subject, by, job.arguments, retry_of=job.id)
    return services.get(JobService).enqueue(session, again)


EXPORT = Task(
    name="export",
    label="Export",
    done="exported",
    run=_store_file,
    prepare=_write_rows,
    may_see=_may_see,
    retry=_retry,
)


def store_job_file(session: Session, job_id: int, name: str, content_type: str, file: BinaryIO) -> int:
    """Store ``file`` as the file of a job, replacing any earlier one; return its size in bytes."""
    session.execute(delete(JobFile).where(JobFile.job_id == job_id))
    record = JobFile(job_id=job_id, name=name, content_type=content_type, size=0)
    session.add(record)
    session.flush()  # The chunks, which are written with Core, refer to it.
    record.size, _digest = write_chunks(session, JobFileChunk, {"job_id": job_id}, file)
    session.flush()
    return record.size


def job_file_chunks(session: Session, record: JobFile) -> Iterator[bytes]:
    """Yield the bytes of a stored file, one chunk at a time."""
    return read_chunks(session, JobFileChunk, {"job_id": record.job_id}, record.size)


def includeme(config: Any) -> None:
    """Run big exports as jobs, if jobs run outside the request."""
    config.add_job_task(EXPORT)
    jobs = services_of(config.registry).get(JobService)
    if jobs.in_background:
        services_of(config.registry).add(BigExports, ExportJobs(jobs))
