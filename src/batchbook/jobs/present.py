"""What pages, scripts and the terminal say about a job: how it stands and how far it is, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchbook.jobs.models import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.progress import Step, steps_of, wishes_of
from batchbook.jobs.states import JobState
from batchbook.words import counted


@dataclass(frozen=True)
class Report:
    """How a job stands at a moment; ``step`` is how far it is, and ``cancelled_by`` who wants it cancelled."""

    job: Job
    label: str
    state: JobState
    step: Step | None
    cancelled_by: str | None

    @property
    def title(self) -> str:
        """What is done, with what."""
        return f"{self.label}: {self.job.subject}"

    @property
    def progress(self) -> str:
        """How far it is, in words: rows, rate, time left."""
        if self.cancelled_by and self.job.is_active:
            return f"{self.cancelled_by} cancelled it; it stops as soon as it can."
        if self.state is JobState.QUEUED:
            return "Waiting for its turn."
        return in_words(self.step) if self.step and self.job.is_active else ""

    def as_json(self) -> dict[str, Any]:
        """Return it for a script."""
        step = self.step
        return {
            "id": self.job.id,
            "title": self.title,
            "state": self.state.value,
            "state_label": self.state.label,
            "ended": self.job.has_ended,
            "phase": step.phase if step else None,
            "done": step.done if step else None,
            "total": step.total if step else None,
            "percent": step.percent if step else None,
            "rate": round(step.rate) if step else None,
            "seconds_left": round(step.seconds_left) if step and step.seconds_left is not None else None,
            "progress": self.progress,
            "message": self.job.message,
        }


def report_on(jobs: Jobs, job: Job) -> Report:
    """Return how ``job`` stands now."""
    return reports_on(jobs, [job])[0]


def reports_on(jobs: Jobs, several: Sequence[Job]) -> list[Report]:
    """Return how ``several`` jobs stand now."""
    active = [job for job in several if job.is_active]
    steps, wishes = steps_of(jobs.store, active), wishes_of(jobs.store, active)
    return [
        Report(job, jobs.tasks[job.task].label, JobState(job.state), steps.get(job.id), wishes.get(job.id))
        for job in several
    ]


def in_words(step: Step) -> str:
    """Return how far a job is: phase, rows, rate, time left."""
    phase = step.phase.replace("_", " ").capitalize()
    if not step.done:
        return f"{phase} …"
    rows = (
        counted(step.done, "row") if step.total is None else f"{step.done:,} of {counted(step.total, 'row')}"
    )
    rate = f", {step.rate:,.0f} a second" if step.rate >= 1 else ""
    return f"{phase}: {rows}{rate}{_left(step.seconds_left)}"


def _left(seconds: float | None) -> str:
    if seconds is None or seconds < 1:
        return ""
    if seconds < 90:
        return f", about {counted(round(seconds), 'second')} left"
    return f", about {counted(round(seconds / 60), 'minute')} left"


def duration(job: Job) -> str:
    """Return how long the last attempt at a job took; empty for one that has not ended, or never began."""
    if job.started_at is None or job.ended_at is None:
        return ""
    seconds = (job.ended_at - job.started_at).total_seconds()
    return counted(round(seconds), "second") if seconds >= 2 else f"{seconds:.1f} seconds"
