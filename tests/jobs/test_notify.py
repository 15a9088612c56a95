"""Notifications of new jobs, which come with the commit and not before."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import Engine

from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.notify import make_wake_up, notify_workers


def seconds_of(wait: threading.Thread) -> float:
    began = time.monotonic()
    wait.start()
    wait.join(30)
    return time.monotonic() - began


def test_the_commit_wakes_who_waits(engine: Engine) -> None:
    enqueued = threading.Event()
    wake_up = make_wake_up(engine, enqueued)
    wake_up.wait(0.01)  # Now it listens.
    waiting = threading.Thread(target=wake_up.wait, args=(30,))
    with transaction_scope(engine) as session:
        notify_workers(session, enqueued.set)
        waiting.start()
        time.sleep(0.1)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()
    wake_up.close()


def test_what_is_rolled_back_wakes_nobody(engine: Engine) -> None:
    enqueued = threading.Event()
    wake_up = make_wake_up(engine, enqueued)
    wake_up.wait(0.01)
    with transaction_scope(engine) as session:
        notify_workers(session, enqueued.set)
        session.rollback()
    assert not enqueued.is_set()
    assert seconds_of(threading.Thread(target=wake_up.wait, args=(0.3,))) >= 0.25
    wake_up.close()


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_database_that_does_not_answer_is_a_pause(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    unreachable = engine.url.set(host="127.0.0.1", port=1, query={})
    other = make_engine(unreachable)
    wake_up = make_wake_up(other, threading.Event())
    assert seconds_of(threading.Thread(target=wake_up.wait, args=(0.2,))) >= 0.15
    assert "Notifications of new jobs are not working at the moment" in caplog.text
    wake_up.close()
    other.dispose()
