"""The job store: made once, by whoever comes first, and never by reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL, select

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
