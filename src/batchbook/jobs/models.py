"""Models of jobs: one row for each, its states, the files that some jobs make, and groups of jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from batchbook.db import USER_NAME, Base
from batchbook.statuses import Severity, Status


class JobState(Status):
    """Where a job is in its life."""

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

#: A job in one of these states keeps everybody else from acting on its batch.
ACTIVE = (JobState.QUEUED, JobState.RUNNING)
#: A job in one of these states ended otherwise than it should, and can be tried again.
WENT_WRONG = (JobState.FAILED, JobState.CANCELLED)
#: A job in one of these states has ended.
ENDED = (JobState.DONE, *WENT_WRONG)


def _among(states: tuple[JobState, ...]) -> str:
    return f"state IN ({', '.join(repr(state.value) for state in states)})"


_HOLDS_BATCH = text(f"exclusive IS TRUE AND {_among(ACTIVE)}")
_IS_SCHEDULED = text(f"exclusive IS TRUE AND {_among((JobState.SCHEDULED,))}")


class Job(Base):
    """Something to be done outside the request: what, for whom, how it stands and how it ended.

    ``task`` names what is to be done and ``arguments`` say with what; ``subject`` names what it is about, in words, and
    ``done`` is the participle of what is done with that.
    An ``exclusive`` job holds its batch: there is never more than one that waits or runs, which an index sees to.
    ``dispatch`` counts how often the job was handed to a queue; whoever runs it holds that number, and with an older
    one can no longer end it. ``attempts`` counts how often it was started.
    From its end on the database keeps the row as it is, until ``purge_after`` has passed.
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
        """Whether the job waits or runs."""
        return self.state in ACTIVE

    @property
    def has_ended(self) -> bool:
        """Whether the job is over, however it ended."""
        return self.state in ENDED

    @property
    def went_wrong(self) -> bool:
        """Whether the job failed or was cancelled."""
        return self.state in WENT_WRONG

    @property
    def workflow(self) -> str:
        """The name under which this dispatch of the job runs: nothing else ever has it, whatever is restored."""
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
        """What happens to the subject, and for whom: "being executed for ada"."""
        verb = "being" if self.state == JobState.RUNNING else "waiting to be"
        return f"{verb} {self.done} for {self.asked_by}"

    def __str__(self) -> str:
        """Name the job in sentences and in the log."""
        return f"job {self.id}"


class JobGroup(Base):
    """Jobs that were asked for at once, such as one for each batch of an index; ``skipped`` says what got none, and why."""

    __tablename__ = "job_group"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(250))
    asked_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    asked_at: Mapped[datetime]
    skipped: Mapped[list[Any]]

    jobs: Mapped[list[Job]] = relationship(back_populates="group", order_by=Job.id)


class JobFile(Base):
    """A file that a job made, to be fetched by who asked for it; its bytes are in chunks beside it."""

    __tablename__ = "job_file"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]


class JobFileChunk(Base):
    """A piece of a file's bytes, in order of ``position``."""

    __tablename__ = "job_file_chunk"

    job_id: Mapped[int] = mapped_column(ForeignKey("job_file.job_id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
