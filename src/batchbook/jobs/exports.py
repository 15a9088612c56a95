"""Exports as jobs: files of many rows, stored in chunks until they are fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TypeVar

from pyramid.interfaces import IRequestFactory, IRoutesMapper, ISecurityPolicy
from pyramid.registry import Registry
from pyramid.request import Request, apply_request_extensions
from pyramid.threadlocal import RequestContext
from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.orm import Session

from batchbook.db.transactions import transaction_scope
from batchbook.errors import Missing, Refused
from batchbook.grid import GridState
from batchbook.grid.query import STREAM_ROWS
from batchbook.jobs.enqueue import JobRequest
from batchbook.jobs.models import Job, JobFile, JobFileChunk
from batchbook.jobs.service import JobService
from batchbook.jobs.tasks import JobContext, JobResult, Task
from batchbook.master import GridView, Page
from batchbook.master.export import CONTENT_TYPES, BigExports
from batchbook.master.links import href
from batchbook.progress import Progress
from batchbook.security.identity import Identity, identity_of_user
from batchbook.security.models import User
from batchbook.services import Services, services_of
from batchbook.words import counted


def address_of(request: Any, state: GridState) -> dict[str, Any]:
    """Return the address of the page of ``request``, whose grid is in ``state``, as plain data to keep with a job."""
    query = href("", state.at_page(1)).removeprefix("?")
    return {"route": request.matched_route.name, "match": dict(request.matchdict), "query": query}


def identity_of(session: Session, name: str) -> Identity:
    """Return the identity of the user called ``name`` as it is now; raise ``Refused`` if there is none, or no longer."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None or not user.active:
        raise Refused(f"{name} may not sign in any more. Nothing was changed.")
    return identity_of_user(user)


@contextmanager
def page_of_job(registry: Any, session: Session, identity: Identity, job: Job) -> Iterator[Any]:
    """Yield the page at the address that ``job`` was asked for with, for ``identity``; it works in ``session``.

    Raises ``Refused`` if that may not be seen, and ``Missing`` if it is not there, any more or in this installation.
    """
    address = job.arguments.get("address", job.arguments)
    route = registry.getUtility(IRoutesMapper).get_route(address["route"])
    page_class = _page_class(registry, address["route"])
    if route is None or page_class is None:
        raise Missing("The page that this was asked for on is not there any more. Nothing was done.")
    request = _make_request(registry, address, route)
    registry.getUtility(ISecurityPolicy).act_as(request, identity)
    request.db = session
    request.job_id = job.id  # What the job has, it does not keep from itself.
    with RequestContext(request):
        page = page_class(route.factory(request), request)
        if not request.has_permission(page.view.permission(page.permission), page.context):
            raise Refused(f"{identity.name} may not see this any more. Nothing was done.")
        yield page


def _make_request(registry: Any, address: Mapping[str, Any], route: Any) -> Any:
    make = registry.queryUtility(IRequestFactory, default=Request)
    request = make.blank(f"/?{address['query']}")
    request.registry = registry
    request.matched_route, request.matchdict = route, dict(address["match"])
    apply_request_extensions(request)
    return request


def _page_class(registry: Any, route: str) -> type[Page] | None:
    prefix, _, name = route.rpartition(".")
    known = registry.introspector.get("master views", prefix)
    pages = known["view"].pages if known is not None else ()
    return next((page for page in pages if page.name == name), None)


_CHUNK = 256 * 1024


def store_job_file(session: Session, job_id: int, name: str, content_type: str, file: BinaryIO) -> int:
    """Store the bytes of ``file`` as what the job made, in place of what it made before; return how many there are."""
    session.execute(delete(JobFile).where(JobFile.job_id == job_id))
    record = JobFile(job_id=job_id, name=name, content_type=content_type, size=0)
    session.add(record)
    session.flush()  # The chunks, written by Core, refer to it.
    file.seek(0)
    for position, data in enumerate(iter(lambda: file.read(_CHUNK), b"")):
        session.execute(insert(JobFileChunk).values(job_id=job_id, position=position, data=data))
        record.size += len(data)
    session.flush()
    return record.size


def job_file_chunks(session: Session, record: JobFile) -> Iterator[bytes]:
    """Yield the bytes of a stored file, a chunk at a time."""
    chunk = JobFileChunk
    for position in range((record.size + _CHUNK - 1) // _CHUNK):
        yield session.scalars(
            select(chunk.data).where(chunk.job_id == record.job_id, chunk.position == position)
        ).one()


T = TypeVar("T")


class ExportJobs:
    """What pages ask for the files of big exports, see :class:`batchbook.master.export.BigExports`."""

    def __init__(self, jobs: JobService) -> None:
        self.jobs = jobs

    def are(self, count: int) -> bool:
        """Return whether an export of ``count`` rows is more than somebody should wait for."""
        return self.jobs.is_big(count)

    def ask(self, request: Any, view: GridView, file_name: str) -> str:
        """Ask for the file; return the address where it is awaited."""
        order = JobRequest(
            task=EXPORT.name,
            subject=file_name,
            asked_by=request.authenticated_userid,
            arguments=address_of(request, view.state),
        )
        job = self.jobs.enqueue(request.db, order)
        return str(request.route_path("jobs.await", id=job.id))


@contextmanager
def _write_rows(job_context: JobContext) -> Iterator[tuple[BinaryIO, str, int]]:
    """Yield a temporary file with what is exported, its format, and how many rows those are.

    It is stored when it is whole: on SQLite, nobody else could write for as long as the rows take.
    """
    identity = identity_of(job_context.session, job_context.job.asked_by)
    with TemporaryFile() as file:
        with page_of_job(
            job_context.services.get(Registry), job_context.session, identity, job_context.job
        ) as page:
            view = page.exported()
            count = view.grid.count(job_context.session, view.state, view.user)
            rows = view.grid.all_rows(job_context.session, view.state, view.user)
            page.write(view, _report_rows(rows, job_context.progress, count), file)
            file_format = page.file_format
        yield file, file_format, count


def _report_rows(rows: Iterable[T], progress: Progress, total: int) -> Iterator[T]:
    progress.report("write rows", 0, total)
    for done, row in enumerate(rows, start=1):
        yield row
        if done % STREAM_ROWS == 0:
            progress.report("write rows", done, total)


def _store_file(job_context: JobContext) -> JobResult:
    file, file_format, count = job_context.prepared
    name = job_context.job.subject
    job_context.progress.report("store the file", 0, None)
    content_type = CONTENT_TYPES[file_format]
    size = store_job_file(job_context.session, job_context.job.id, name, content_type, file)
    return JobResult(f"{name} is ready, with {counted(count, 'row')}.", data={"rows": count, "bytes": size})


def _may_see(request: Any, job: Job) -> bool:
    """Return whether who asks may see what was exported, as things are now."""
    with transaction_scope(request.services.get(Engine), read_only=True) as session:
        try:
            with page_of_job(request.services.get(Registry), session, request.identity, job):
                return True
        except (Refused, Missing):
            return False


def _retry(services: Services, session: Session, job: Job, by: str) -> Job:
    with page_of_job(services.get(Registry), session, identity_of(session, by), job):
        order = JobRequest(job.task, job.subject, by, job.arguments, retry_of=job.id)
    asked: Job = services.get(JobService).enqueue(session, order)
    return asked


EXPORT = Task(
    name="export",
    label="Export",
    done="exported",
    run=_store_file,
    prepare=_write_rows,
    may_see=_may_see,
    retry=_retry,
)


def includeme(config: Any) -> None:
    """Have big exports made by jobs, where jobs run outside the request."""
    config.add_job_task(EXPORT)
    jobs = services_of(config.registry).get(JobService)
    if jobs.in_background:
        services_of(config.registry).add(BigExports, ExportJobs(jobs))
