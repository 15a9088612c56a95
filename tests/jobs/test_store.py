"""The job store: made once, by whoever comes first, and never by reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL, select

from batchbook.jobs.job_progress import steps_of
from batchbook.jobs.models import Job
from batchbook.jobs.store import HEARTBEAT, JobStore


def test_reading_does_not_make_it_and_several_may(database_url: URL) -> None:
    one, two = JobStore(database_url), JobStore(database_url)
    assert not one.is_there
    one.prepare()
    two.prepare()
    assert one.is_there
    with one.connection() as connection:
        connection.execute(HEARTBEAT.insert().values(executor="one", beats=1, threads=1, queues=""))
        # Another connection sees it, because every statement is committed at once.
        with two.connection() as other:
            assert other.scalars(select(HEARTBEAT.c.executor)).all() == ["one"]
    one.close()
    two.close()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_on_sqlite_it_is_a_file_beside_the_database(database_url: URL) -> None:
    store = JobStore(database_url)
    database = Path(str(database_url.database))
    assert store.url.database == str(database.with_name(f"{database.stem}.jobs{database.suffix}"))
    store.close()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_one_that_is_found_damaged_is_moved_aside_and_made_anew(database_url: URL) -> None:
    store = JobStore(database_url)
    path = Path(str(store.url.database))
    path.write_bytes(b"no database" * 1000)
    assert not store.is_there
    store.prepare()
    assert store.is_there
    assert store.check() is None
    assert len(list(path.parent.glob(f"{path.name}.damaged-*"))) == 1
    store.close()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_one_that_is_damaged_in_use_is_named_and_pages_do_without(database_url: URL) -> None:
    store = JobStore(database_url)
    store.prepare()
    store.close()
    path = Path(str(store.url.database))
    path.write_bytes(b"no database" * 1000)
    assert "Restart this process" in (store.check() or "")
    assert steps_of(store, [Job(id=1, nonce="n")]) == {}
    store.close()
