"""What a job says of itself."""

from __future__ import annotations

import pytest

from batchbook.jobs.models import Job, JobState


@pytest.mark.parametrize(
    ("state", "active", "ended", "wrong"),
    [
        (JobState.SCHEDULED, False, False, False),
        (JobState.QUEUED, True, False, False),
        (JobState.RUNNING, True, False, False),
        (JobState.DONE, False, True, False),
        (JobState.FAILED, False, True, True),
        (JobState.CANCELLED, False, True, True),
    ],
)
def test_every_state_is_active_or_over_or_to_come(
    state: JobState, active: bool, ended: bool, wrong: bool
) -> None:
    job = Job(state=state)
    assert (job.is_active, job.has_ended, job.went_wrong) == (active, ended, wrong)


def test_the_name_of_a_dispatch_is_never_used_twice() -> None:
    names = {Job(id=7, nonce=nonce, dispatch=dispatch).workflow for nonce in "ab" for dispatch in (1, 2)}
    assert names == {"a.7.1", "a.7.2", "b.7.1", "b.7.2"}


@pytest.mark.parametrize(
    ("state", "words"),
    [(JobState.RUNNING, "being executed for ada"), (JobState.QUEUED, "waiting to be executed for ada")],
)
def test_its_standing_in_words(state: JobState, words: str) -> None:
    assert Job(state=state, done="executed", asked_by="ada").standing == words
