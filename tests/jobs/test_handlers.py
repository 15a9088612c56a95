"""Handlers that go wrong in a job: ended at once or after a few times, and told as what it was."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text, update

from batchbook.batches import Action, State
from batchbook.catalog.models import Product
from batchbook.errors import reason_of

from .harness import JobHarness, hooked


class Odd(BaseException):
    """Neither an error nor a wish to end."""


class UnreadableError(Exception):
    def __str__(self) -> str:
        raise LookupError("no words")


def recurse() -> None:
    recurse()


def raising(error: BaseException) -> Callable[[], None]:
    def raise_it() -> None:
        raise error

    return raise_it


#: What a handler does, and what is said of it.
ODDITIES: dict[str, tuple[Callable[[], None], str]] = {
    "sys.exit": (raising(SystemExit(3)), "SystemExit: 3"),
    "Ctrl-C": (raising(KeyboardInterrupt()), "(KeyboardInterrupt)"),
    "cancelled": (raising(asyncio.CancelledError()), "(CancelledError)"),
    "closed": (raising(GeneratorExit()), "(GeneratorExit)"),
    "odd": (raising(Odd("what")), "Odd: what"),
    "group": (raising(BaseExceptionGroup("several", [SystemExit(1), ValueError()])), "BaseExceptionGroup: several"),
    "stop": (raising(StopIteration("early")), "StopIteration"),
    "recursion": (recurse, "RecursionError: "),
    "memory": (raising(MemoryError("no more")), "MemoryError: no more"),
    "unreadable": (raising(UnreadableError()), "UnreadableError: its message cannot be read"),
    "endless": (raising(ValueError("x" * 10_000_000)), "ValueError: xxxx"),
    "unstorable": (raising(ValueError("a\0b")), "ValueError: a�b"),
}  # fmt: skip


def test_a_reason_has_no_character_that_no_database_stores() -> None:
    # Not among those that are raised: the error is logged as it is, and a log with half a character cannot be sent on.
    assert reason_of(ValueError("a\0b\udcff")) == "ValueError: a�b�"


def in_a_thread(harness: JobHarness, job_id: int) -> None:
    """Run a job as a worker does: not in the main thread, which alone gets Ctrl-C."""
    thread = threading.Thread(target=harness.run, args=(job_id,))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize("hook", ["execute", "setup", "why_not_execute"])
@pytest.mark.parametrize("oddity", ODDITIES)
def test_whatever_is_raised_is_a_failure_of_the_first_attempt(
    harness: JobHarness, oddity: str, hook: str, caplog: pytest.LogCaptureFixture
) -> None:
    way, said = ODDITIES[oddity]
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    harness.with_handler(**hooked(hook, way))
    with caplog.at_level(logging.ERROR, "batchbook"):
        in_a_thread(harness, job_id)
    records = [record for record in caplog.records if record.exc_info]
    caplog.clear()  # What a message says cannot be sent between the processes of tests.
    job, batch = harness.job(job_id), harness.batch(batch_id)
    assert (job.state, job.attempts, batch.state) == ("failed", 1, State.COMPLETE)
    assert said in (job.message or "")
    assert said.strip("()") in (batch.failure or "")
    assert "killed" not in (job.message or "")
    assert len(job.message or "") < 1_000
    assert len(records) == 1
    assert harness.catalogue.price_history() == []


def test_rows_that_end_the_thread_are_a_failure_as_well(harness: JobHarness) -> None:
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE)

    def populate(_self: Any, _batch: Any) -> Any:
        yield {"item_code": "1"}
        raise SystemExit(4)

    harness.with_handler(populate=populate)
    in_a_thread(harness, job_id)
    assert "SystemExit: 4" in (harness.job(job_id).message or "")
    assert (harness.batch(batch_id).state, harness.rows(batch_id)) == (State.NEW, 0)


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "CREATE TABLE mine (a INTEGER)"])
def test_a_job_whose_handler_ends_the_transaction_changes_nothing(
    harness: JobHarness, statement: str
) -> None:
    batch_id = harness.complete()

    def execute(self: Any, _batch: Any, _rows: Any, _options: Any) -> Any:
        self.session.execute(update(Product).values(on_hand=0))
        self.session.execute(text(statement))

    harness.with_handler(execute=execute)
    before = harness.catalogue.dump(without=("job", "batch", "operation"))
    job = harness.do(batch_id, Action.EXECUTE)
    assert (job.state, job.attempts, harness.batch(batch_id).state) == ("failed", 1, State.COMPLETE)
    assert f"{statement.partition(' (')[0].partition(' mine')[0]} was refused" in (job.message or "")
    assert harness.catalogue.dump(without=("job", "batch", "operation")) == before


def end_behind_all_backs(self: Any) -> None:
    driver = self.session.connection().connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.set_authorizer(None)
        driver.commit()
    else:
        driver.pgconn.exec_(b"COMMIT")


def test_where_it_ended_all_the_same_the_job_tells_so_and_the_batch_is_as_before(harness: JobHarness) -> None:
    batch_id = harness.complete()

    def execute(self: Any, _batch: Any, _rows: Any, _options: Any) -> Any:
        self.session.execute(update(Product).values(on_hand=77))
        end_behind_all_backs(self)

    harness.with_handler(execute=execute)
    history = len(harness.operations(batch_id))
    job = harness.do(batch_id, Action.EXECUTE)
    assert (job.state, harness.batch(batch_id).state) == ("failed", State.COMPLETE)
    assert "may have been kept" in (job.message or "")
    assert "Nothing was changed" not in (job.message or "")
    assert harness.batch(batch_id).failure == job.message
    assert harness.operations(batch_id)[history:] == [("failure", job.message)]


# --- A database that is busy, for ever or for a moment ---------------------------------------------------------------


def test_a_second_connection_that_waits_for_its_own_job_is_given_up_after_a_few_times(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchbook.jobs.job_run._LONGEST_RETRY_PAUSE", 0.01)
    monkeypatch.setattr("batchbook.jobs.job_run._RETRY_PAUSE", 0.01)
    tried: list[int] = []
    url = harness.catalogue.engine.url

    def execute(self: Any, _batch: Any, _rows: Any, _options: Any) -> Any:
        tried.append(1)
        self.session.execute(update(Product).values(on_hand=0))
        if url.get_backend_name() == "sqlite":
            with sqlite3.connect(str(url.database), timeout=0.01) as mine:
                mine.execute("UPDATE product SET on_hand = 1")
        else:
            address = url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(address, options="-c lock_timeout=10") as mine:
                mine.execute("UPDATE product SET on_hand = 1")

    batch_id = harness.complete()
    harness.with_handler(execute=execute)
    before = harness.catalogue.dump(without=("job", "batch", "operation"))
    job = harness.do(batch_id, Action.EXECUTE)
    assert len(tried) == 5
    assert (job.state, job.attempts) == ("failed", 1)
    assert "on each of 5 tries" in (job.message or "")
    assert "lock" in (job.message or "")
    assert "killed" not in (job.message or "")
    assert harness.batch(batch_id).failure == job.message
    assert harness.catalogue.dump(without=("job", "batch", "operation")) == before


def test_what_passes_by_itself_is_done_again(harness: JobHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchbook.jobs.job_run._RETRY_PAUSE", 0.01)
    errors: list[Exception] = [psycopg.errors.DeadlockDetected("deadlock detected")] * 2

    def meet() -> None:
        if errors:
            raise errors.pop()

    batch_id = harness.complete()
    harness.with_handler(**hooked("execute", meet))
    job = harness.do(batch_id, Action.EXECUTE)
    assert (job.state, errors, len(harness.catalogue.price_history())) == ("done", [], 3)


def test_a_process_that_must_end_hands_back_what_meets_a_busy_database(harness: JobHarness) -> None:
    stopping = threading.Event()

    def meet() -> None:
        stopping.set()
        raise psycopg.errors.DeadlockDetected("deadlock detected")

    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    harness.with_handler(**hooked("execute", meet))
    harness.run(job_id, stopping=stopping)
    job = harness.job(job_id)
    assert (job.state, job.attempts, job.dispatch) == ("queued", 0, 2)
