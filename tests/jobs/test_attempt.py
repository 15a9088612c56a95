"""Attempts at jobs: interrupted or not, they leave nothing behind in the process."""

from __future__ import annotations

import subprocess
import sys

_TRACED = """
import sys
import threading
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from batchbook.jobs.models import Job
from batchbook.jobs.attempt import Attempt, Interrupted

with Session(create_engine("sqlite://")) as session, Attempt(Job(id=1)).interruptible(session):
    pass
attempt = Attempt(Job(id=2))
try:
    with Session(create_engine("sqlite://")) as session, attempt.interruptible(session):
        threading.Timer(0.1, attempt.interrupt).start()
        while True:
            pass
except Interrupted:
    print("interrupted")

traced = []
sys.settrace(lambda frame, what, value: traced.append(what))
(lambda: None)()
sys.settrace(None)
print(*traced)
"""


def test_after_jobs_that_were_interrupted_or_not_functions_can_be_traced() -> None:
    # CPython 3.11 traces a function forever while it takes an exception from outside for pending, so another process tries it.
    done = subprocess.run(
        [sys.executable, "-c", _TRACED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["interrupted", "call"]
