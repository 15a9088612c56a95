"""View models of jobs: their state and progress as plain data, for pages, scripts and the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchbook.jobs.job_progress import (
    Step,
    UnresponsiveNote,
    cancel_requests_of,
    steps_of,
    unresponsive_notes,
)
from batchbook.jobs.models import Job, JobState
from batchbook.jobs.service import JobService
from batchbook.words import counted

#: The time without a progress report after which pages mention it, in seconds.
_SILENCE_SECONDS = 60


@dataclass(frozen=True)
class JobReport:
    """A snapshot of a job: its state, its progress (``step``) and the user who cancelled it (``cancelled_by``).

    ``unresponsive`` is the note about a job that does not respond, and ``grace`` the time before a cancelled job is
    interrupted, in seconds.
    """

    job: Job
    label: str
    state: JobState
    step: Step | None
    cancelled_by: str | None
    unresponsive: UnresponsiveNote | None
    grace: float

    @property
    def is_unresponsive(self) -> bool:
        """True if only ending its process stops the job."""
        note = self.unresponsive
        return self.state is JobState.RUNNING and note is not None and note.since is not None

    @property
    def title(self) -> str:
        """The task and its subject, such as "Execute: Batch 00000001"."""
        return f"{self.label}: {self.job.subject}"

    @property
    def progress(self) -> str:
        """The progress in words: rows, rate, time left, or the reason for waiting."""
        if self.unresponsive and self.is_unresponsive:
            return self._unresponsive_text(self.unresponsive)
        if self.cancelled_by and self.job.is_active:
            text = f"{self.cancelled_by} cancelled the job; it will stop as soon as possible."
            running = self.state is JobState.RUNNING
            return (
                f"{text} If it does not respond, it is interrupted after {self.grace:g} seconds."
                if running
                else text
            )
        if self.state is JobState.QUEUED:
            return "Waiting for its turn."
        if self.state is not JobState.RUNNING:
            return ""
        return " ".join(filter(None, (step_text(self.step) if self.step else "", self._silence())))

    def _unresponsive_text(self, note: UnresponsiveNote) -> str:
        if note.message:
            return "Its process was ended. The result of the job will be shown once another process has recorded it."
        start = f"{self.cancelled_by} cancelled the job, but it" if self.cancelled_by else "The job"
        text = f"{start} does not respond: it was interrupted and is still running."
        if note.requested_by:
            return f"{text} {note.requested_by} is ending its process, {self.job.owner}; this takes a few seconds."
        return f"{text} Only ending its process, {self.job.owner}, will stop it."

    def _silence(self) -> str:
        since = self.step.seen if self.step else None
        if since is None:
            since = self.job.started_at.timestamp() if self.job.started_at else None
        seconds = time.time() - since if since is not None else 0
        if seconds < _SILENCE_SECONDS:
            return ""
        return f"No progress reported for {counted(round(seconds / 60), 'minute')}."

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data for scripts."""
        step = self.step
        return {
            "id": self.job.id,
            "title": self.title,
            "state": self.state.value,
            "state_label": self.state.label,
            "ended": self.job.has_ended,
            "unresponsive": self.is_unresponsive,
            "phase": step.phase if step else None,
            "done": step.done if step else None,
            "total": step.total if step else None,
            "percent": step.percent if step else None,
            "rate": round(step.rate) if step else None,
            "seconds_left": round(step.seconds_left) if step and step.seconds_left is not None else None,
            "progress": self.progress,
            "message": self.job.message,
        }


def report_on(jobs: JobService, job: Job) -> JobReport:
    """Return a report on the current state of ``job``."""
    return reports_on(jobs, [job])[0]


def reports_on(jobs: JobService, several: Sequence[Job]) -> list[JobReport]:
    """Return reports on the current states of ``several`` jobs, in their order."""
    active = [job for job in several if job.is_active]
    steps, requests = steps_of(jobs.store, active), cancel_requests_of(jobs.store, active)
    unresponsive = unresponsive_notes(jobs.store, active)
    return [
        JobReport(
            job,
            jobs.tasks[job.task].label,
            JobState(job.state),
            steps.get(job.id),
            requests.get(job.id),
            unresponsive.get(job.id),
            jobs.settings.interrupt,
        )
        for job in several
    ]


def step_text(step: Step) -> str:
    """Return the progress of a job in words: phase, rows, rate, time left."""
    phase = step.phase.replace("_", " ").capitalize()
    if not step.done:
        return f"{phase} …"
    rows = (
        counted(step.done, "row") if step.total is None else f"{step.done:,} of {counted(step.total, 'row')}"
    )
    rate = f", {step.rate:,.0f} a second" if step.rate >= 1 else ""
    return f"{phase}: {rows}{rate}{_time_left(step.seconds_left)}"


def _time_left(seconds: float | None) -> str:
    if seconds is None or seconds < 1:
        return ""
    if seconds < 90:
        return f", about {counted(round(seconds), 'second')} left"
    return f", about {counted(round(seconds / 60), 'minute')} left"


def duration(job: Job) -> str:
    """Return the duration of the last attempt at a job, empty if the job has not started or not ended."""
    if job.started_at is None or job.ended_at is None:
        return ""
    seconds = (job.ended_at - job.started_at).total_seconds()
    return counted(round(seconds), "second") if seconds >= 2 else f"{seconds:.1f} seconds"
