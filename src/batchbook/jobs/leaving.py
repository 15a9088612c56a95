"""End of a process for the sake of a job in it that cannot be ended otherwise."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import NoReturn

from batchbook.jobs.interrupting import Attempt
from batchbook.jobs.office import Jobs
from batchbook.jobs.running import ending_of
from batchbook.jobs.states import JobState
from batchbook.jobs.unresponsive import leave_result

#: The exit status by which a service manager sees that the process is to be started again: EX_TEMPFAIL.
EXIT_STATUS = 75


def leave_results(jobs: Jobs, attempts: Iterable[Attempt]) -> None:
    """Leave for the next process what becomes of the jobs: one that must not go on ends, the others wait again."""
    for attempt in list(attempts):
        if attempt.reason is None:
            leave_result(jobs.store, attempt.job, JobState.QUEUED)
            continue
        state, ending = ending_of(attempt.job, attempt.reason)
        message = f"{ending.message} It did not react, so the process that ran it was ended."
        leave_result(jobs.store, attempt.job, state, message)


def exit_process() -> NoReturn:
    """End the process at once: threads that still work would keep it alive."""
    logging.shutdown()
    os._exit(EXIT_STATUS)
