"""The queue: DBOS, which hands each dispatch of a job to one process, keeps what waits, and counts who is busy.

Everything the application uses of it is here. What the queue says about a job is never the last word: that is the
job's row, see :mod:`batchbook.jobs.claims`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import URL

from batchbook.jobs.models import Job
from batchbook.jobs.store import SCHEMA

_NAME = "batchbook"
_WORKFLOW = "batchbook.job"
#: What a dispatch belongs to; only processes that say the same take it, so it is raised when they cannot share work.
_VERSION = "1"
_WAITING = ("ENQUEUED", "DELAYED")
_TOGETHER = 500
_NEWS = 1.0


@dataclass(frozen=True)
class Dispatch:
    """How the queue sees a dispatch: whether it waits there, and else which process has it and whether it is over."""

    waits: bool
    is_over: bool
    executor: str | None


def prepare_queue(url: URL) -> None:
    """Make the queue's tables, or bring them up to date."""
    DBOS.migrate(_text(url), schema=SCHEMA)


class Queue:
    """The queue at ``url`` for the process called ``executor``, which calls ``run`` with a job's id and dispatch."""

    def __init__(self, url: URL, executor: str, run: Callable[[int, int], None]) -> None:
        config = DBOSConfig(
            name=_NAME,
            system_database_url=_text(url),
            dbos_system_schema=SCHEMA,
            executor_id=executor,
            application_version=_VERSION,
            serializer=DBOSPortableJSONSerializer(),  # The default would run what it reads.
            log_level="WARNING",
            sys_db_pool_size=5,
            # Nobody waits for what it would tell; by default it wakes up a hundred times a second to see.
            notification_coalesce_sec=_NEWS,
        )
        DBOS(config=config)
        self._workflow = DBOS.workflow(name=_WORKFLOW)(_as_workflow(run))

    def start(self, own: Iterable[str], every: Iterable[str], threads: int, poll: float) -> None:
        """Begin to take from the ``own`` queues, of all that there are, up to ``threads`` at a time from each."""

        def launch() -> None:
            DBOS.listen_queues(list(own))
            DBOS.launch()
            for name in every:
                DBOS.register_queue(name, worker_concurrency=threads, polling_interval_sec=poll)

        # In a thread of its own, because DBOS refuses to do this where the caller's thread has a running event loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(launch).result()

    def begin(self, job: Job) -> None:
        """Run a job at once in this process, unless another one has it."""
        with SetWorkflowID(job.workflow):
            DBOS.start_workflow(self._workflow, job.id, job.dispatch)

    def put(self, job: Job, queue: str) -> None:
        """Put a job on a queue; one that is there already stays as it is."""
        DBOS.enqueue_workflow_with_options(
            {
                "workflow_name": _WORKFLOW,
                "queue_name": queue,
                "workflow_id": job.workflow,
                "priority": job.priority,
                "app_version": _VERSION,
            },
            job.id,
            job.dispatch,
        )

    def find(self, jobs: Iterable[Job]) -> Mapping[str, Dispatch]:
        """Return how the queue sees the jobs, by the name of their workflow; one that it does not know is left out."""
        names = [job.workflow for job in jobs]
        found = DBOS.list_workflows(workflow_ids=names, load_input=False, load_output=False) if names else []
        return {
            one.workflow_id: Dispatch(
                one.status in _WAITING, one.status not in (*_WAITING, "PENDING"), one.executor_id
            )
            for one in found
        }

    def put_back(self, job: Job, queue: str) -> None:
        """Take a job from the process that had it, and put it on a queue again."""
        DBOS.resume_workflows([job.workflow], queue_name=queue)

    def forget(self, job: Job) -> None:
        """Have the queue drop a dispatch that another process was given up with."""
        DBOS.cancel_workflow(job.workflow)

    def tidy(self, before: datetime) -> None:
        """Forget what was over before that moment."""
        old = DBOS.list_workflows(
            end_time=before.isoformat(), limit=_TOGETHER, load_input=False, load_output=False
        )
        names = [one.workflow_id for one in old if one.status not in (*_WAITING, "PENDING")]
        if names:
            DBOS.delete_workflows(names)

    def stop(self) -> None:
        """Take nothing more; what runs is not waited for."""
        DBOS.destroy(destroy_registry=True)


def _as_workflow(run: Callable[[int, int], None]) -> Callable[[int, int], None]:
    def job(job_id: int, dispatch: int) -> None:
        run(job_id, dispatch)

    return job


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
