"""Models of jobs and groups of jobs, the states of a job, and the files that some jobs make."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, and_, case, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from batchbook.db import USER_NAME, Base
from batchbook.statuses import Severity, Status


class JobState(Status):
    """The states in the life of a job."""

    SCHEDULED = "scheduled", "Scheduled", Severity.NEUTRAL, "◷"
    QUEUED = "queued", "Waiting", Severity.NEUTRAL, "…"
    RUNNING = "running", "Running", Severity.INFO, "▶"
    DONE = "done", "Done", Severity.SUCCESS, "✓"
    FAILED = "failed", "Failed", Severity.ERROR, "✗"
    CANCELLED = "cancelled", "Cancelled", Severity.WARNING, "⊘"


class Refusal(Status):
    """How a job that failed is shown if its work was refused: nothing broke, and trying again does not help."""

    REFUSED = "refused", "Refused", Severity.WARNING, "!"


#: The key in a job's result that tells that its work was refused.
REFUSED_KEY = "refused"

#: The states of jobs as people are told them.
SHOWN_STATES: tuple[Status, ...] = (*JobState, Refusal.REFUSED)

#: The states in which an exclusive job keeps all others from acting on its batch.
ACTIVE = (JobState.QUEUED, JobState.RUNNING)
#: The states of jobs that ended without success and can be retried.
WENT_WRONG = (JobState.FAILED, JobState.CANCELLED)
#: The states of jobs that have ended.
ENDED = (JobState.DONE, *WENT_WRONG)


def _among(states: tuple[JobState, ...]) -> str:
    return f"state IN ({', '.join(repr(state.value) for state in states)})"


_HOLDS_BATCH = text(f"exclusive IS TRUE AND {_among(ACTIVE)}")
_IS_SCHEDULED = text(f"exclusive IS TRUE AND {_among((JobState.SCHEDULED,))}")


class Job(Base):
    """A job: work to be done outside the request, for the user ``asked_by``, with its state and result.

    ``task`` is the name of the task that does the work, with ``arguments`` as its input. ``subject`` names the object of
    the work for people, and ``done`` is the participle of the work, such as "executed".
    An ``exclusive`` job holds its batch: an index ensures that at most one such job of a batch is queued or running.
    ``dispatch`` is incremented each time the job is handed to a queue. It is the fencing token of the job's lease: a
    process that holds an older number can no longer finish the job. ``attempts`` counts the starts.
    Once the job has ended, the database refuses changes to the row; it can be deleted after ``purge_after``.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "uq_job_holding",
            "batch_id",
            unique=True,
            sqlite_where=_HOLDS_BATCH,
            postgresql_where=_HOLDS_BATCH,
        ),
        Index(
            "uq_job_planned",
            "batch_id",
            unique=True,
            sqlite_where=_IS_SCHEDULED,
            postgresql_where=_IS_SCHEDULED,
        ),
        Index("ix_job_state", "state"),
        Index("ix_job_batch_id", "batch_id"),
        Index("ix_job_group_id", "group_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(250))
    done: Mapped[str] = mapped_column(String(40))
    batch_id: Mapped[int | None]
    batch_type: Mapped[str | None] = mapped_column(String(60))
    exclusive: Mapped[bool] = mapped_column(default=False, server_default=false())
    group_id: Mapped[int | None] = mapped_column(ForeignKey("job_group.id", ondelete="SET NULL"))
    arguments: Mapped[dict[str, Any]]
    asked_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    asked_at: Mapped[datetime]
    run_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10), default=JobState.QUEUED)
    priority: Mapped[int] = mapped_column(default=1)
    nonce: Mapped[str] = mapped_column(String(16))
    dispatch: Mapped[int] = mapped_column(default=1)
    attempts: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None] = mapped_column(String(63))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    purge_after: Mapped[datetime | None]
    message: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None]
    retry_of: Mapped[int | None]

    group: Mapped[JobGroup | None] = relationship(back_populates="jobs")

    @property
    def is_active(self) -> bool:
        """True if the job is waiting or running."""
        return self.state in ACTIVE

    @property
    def has_ended(self) -> bool:
        """True if the job has ended, whatever its result."""
        return self.state in ENDED

    @property
    def went_wrong(self) -> bool:
        """True if the job failed or was cancelled."""
        return self.state in WENT_WRONG

    @property
    def workflow(self) -> str:
        """The workflow id of this dispatch of the job: unique even after the database is restored from a backup."""
        return f"{self.nonce}.{self.id}.{self.dispatch}"

    @property
    def was_refused(self) -> bool:
        """Whether the job failed because its work was refused, for a reason that its message gives."""
        return self.state == JobState.FAILED and bool((self.result or {}).get(REFUSED_KEY))

    @property
    def shown_state(self) -> Status:
        """The state as people are told it: a refusal is no failure."""
        return Refusal.REFUSED if self.was_refused else JobState(self.state)

    @property
    def standing(self) -> str:
        """The state of the subject and the user it is for, such as "being executed for ada"."""
        verb = "being" if self.state == JobState.RUNNING else "waiting to be"
        return f"{verb} {self.done} for {self.asked_by}"

    def __str__(self) -> str:
        """Return the name of the job in sentences and in the log."""
        return f"job {self.id}"


class JobGroup(Base):
    """Jobs that were requested together, such as one for each batch in a list; ``skipped`` has the reasons for those left out."""

    __tablename__ = "job_group"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(250))
    asked_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    asked_at: Mapped[datetime]
    skipped: Mapped[list[Any]]

    jobs: Mapped[list[Job]] = relationship(back_populates="group", order_by=Job.id)


class JobFile(Base):
    """A file that a job made for the user who requested it; its bytes are stored as :class:`JobFileChunk` rows."""

    __tablename__ = "job_file"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]


class JobFileChunk(Base):
    """A chunk of a file's bytes; ``position`` gives the order."""

    __tablename__ = "job_file_chunk"

    job_id: Mapped[int] = mapped_column(ForeignKey("job_file.job_id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


#: :attr:`Job.shown_state` in SQL.
SHOWN_STATE = case(
    (
        and_(Job.state == JobState.FAILED.value, Job.result[REFUSED_KEY].as_boolean().is_(True)),
        Refusal.REFUSED.value,
    ),
    else_=Job.state,
)
