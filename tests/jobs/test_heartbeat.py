"""Heartbeats of processes, and what others conclude from them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from batchbook.jobs.heartbeat import Heartbeat, executor_name, is_process_alive, threads_of
from batchbook.jobs.store import JobStore

from .test_worker import until


@pytest.fixture
def store(database_url: URL) -> Iterator[JobStore]:
    store = JobStore(database_url)
    store.prepare()
    yield store
    store.close()


def test_a_process_that_beats_is_alive_for_others_until_it_ends(store: JobStore) -> None:
    one, two = Heartbeat(store, "one", 0.3, 2, ("prices", "batchbook")), Heartbeat(store, "two", 0.3, 0, ())
    assert not two.is_alive_there("one")
    one.beat()
    one.start()
    assert two.is_alive_there("one")
    assert two.is_alive_there("two")
    assert not two.is_alive_there(None)
    assert is_process_alive(store, "one", 5)
    assert (threads_of(store, "one"), threads_of(store, "nobody")) == (2, 0)
    one.end()
    two.beat()
    assert not two.is_alive_there("one")
    assert not is_process_alive(store, "one", 0.1)


def test_one_that_stops_beating_is_dead_after_a_while(store: JobStore) -> None:
    silent, watching = Heartbeat(store, "silent", 0.2, 1, ()), Heartbeat(store, "watching", 0.2, 1, ())
    silent.beat()
    watching.beat()
    assert watching.is_alive_there("silent")
    until(lambda: watching.beat() or not watching.is_alive_there("silent"))
    assert not is_process_alive(store, "silent", 0.1)


def test_who_did_not_watch_for_a_while_presumes_nobody_dead(store: JobStore) -> None:
    """As after a pause, or after a cut of the network, of the watching process itself."""
    other, watching = Heartbeat(store, "other", 0.3, 1, ()), Heartbeat(store, "watching", 0.3, 1, ())
    other.beat()
    watching.beat()
    time.sleep(0.4)
    other.beat()
    assert watching.is_alive_there("other")
    time.sleep(0.4)
    watching.beat()  # The other one has not beaten, but might have if anybody had looked.
    assert watching.is_alive_there("other")
    until(lambda: watching.beat() or not watching.is_alive_there("other"))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_one_that_is_dead_for_long_is_forgotten(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchbook.jobs.heartbeat._FORGET_AFTER", 1)
    silent, watching = Heartbeat(store, "silent", 0.05, 3, ()), Heartbeat(store, "watching", 0.05, 1, ())
    silent.beat()

    def forgotten() -> bool:
        watching.beat()
        return threads_of(store, "silent") == 0

    until(forgotten)


def test_names_of_processes_are_unique_and_fit() -> None:
    names = {executor_name() for _ in range(50)}
    assert len(names) == 50
    assert max(map(len, names)) <= 63
