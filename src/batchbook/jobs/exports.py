"""Big exports: a job makes the file that the page would have sent, and who asked for it can fetch it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TypeVar

from pyramid.registry import Registry
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from batchbook.db.session import transaction_scope
from batchbook.errors import Missing, Refused
from batchbook.grid.query import STREAM_ROWS
from batchbook.jobs.asking import Order
from batchbook.jobs.files import store_job_file
from batchbook.jobs.models import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.offline import address_of, identity_of, page_at
from batchbook.jobs.tasks import Ending, Task, Turn
from batchbook.master import GridView
from batchbook.master.export import CONTENT_TYPES, BigExports
from batchbook.progress import Progress
from batchbook.services import Services, services_of
from batchbook.words import counted

T = TypeVar("T")


class Exports:
    """What pages ask for the files of big exports, see :class:`batchbook.master.export.BigExports`."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs

    def are(self, count: int) -> bool:
        """Return whether an export of ``count`` rows is more than somebody should wait for."""
        return self.jobs.is_big(count)

    def ask(self, request: Any, view: GridView, file_name: str) -> str:
        """Ask for the file; return the address where it is awaited."""
        order = Order(
            task=EXPORT.name,
            subject=file_name,
            asked_by=request.authenticated_userid,
            arguments=address_of(request, view.state),
        )
        job = self.jobs.ask(request.db, order)
        return str(request.route_path("jobs.await", id=job.id))


@contextmanager
def _written(turn: Turn) -> Iterator[tuple[BinaryIO, str, int]]:
    """Yield a temporary file with what is exported, its format, and how many rows those are.

    It is stored when it is whole: on SQLite, nobody else could write for as long as the rows take.
    """
    identity = identity_of(turn.session, turn.job.asked_by)
    with TemporaryFile() as file:
        with page_at(turn.services.get(Registry), turn.session, identity, turn.job) as page:
            view = page.exported()
            count = view.grid.count(turn.session, view.state, view.user)
            rows = view.grid.all_rows(turn.session, view.state, view.user)
            page.write(view, _reported(rows, turn.progress, count), file)
            file_format = page.file_format
        yield file, file_format, count


def _reported(rows: Iterable[T], progress: Progress, total: int) -> Iterator[T]:
    progress.report("write rows", 0, total)
    for done, row in enumerate(rows, start=1):
        yield row
        if done % STREAM_ROWS == 0:
            progress.report("write rows", done, total)


def _store(turn: Turn) -> Ending:
    file, file_format, count = turn.prepared
    name = turn.job.subject
    turn.progress.report("store the file", 0, None)
    content_type = CONTENT_TYPES[file_format]
    size = store_job_file(turn.session, turn.job.id, name, content_type, file)
    return Ending(f"{name} is ready, with {counted(count, 'row')}.", result={"rows": count, "bytes": size})


def _seen(request: Any, job: Job) -> bool:
    """Return whether who asks may see what was exported, as things are now."""
    with transaction_scope(request.services.get(Engine), read_only=True) as session:
        try:
            with page_at(request.services.get(Registry), session, request.identity, job):
                return True
        except (Refused, Missing):
            return False


def _again(services: Services, session: Session, job: Job, by: str) -> Job:
    with page_at(services.get(Registry), session, identity_of(session, by), job):
        order = Order(job.task, job.subject, by, job.arguments, retry_of=job.id)
    asked: Job = services.get(Jobs).ask(session, order)
    return asked


EXPORT = Task("export", "Export", "exported", _store, prepare=_written, seen=_seen, again=_again)


def includeme(config: Any) -> None:
    """Have big exports made by jobs, where jobs run outside the request."""
    config.add_job_task(EXPORT)
    jobs = services_of(config.registry).get(Jobs)
    if jobs.in_background:
        services_of(config.registry).add(BigExports, Exports(jobs))
