from __future__ import annotations

import errno
import shutil
import sqlite3
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from batchbook.db.engine import make_engine
from batchbook.db.outages import Outage, lacks_space, outage_of

SQLITE = pytest.mark.parametrize("backend", ["sqlite"])


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("secret")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (sqlite_error(sqlite3.SQLITE_FULL), Outage.FULL),
        (sqlite_error(sqlite3.SQLITE_CORRUPT), Outage.DAMAGED),
        (sqlite_error(sqlite3.SQLITE_NOTADB), Outage.DAMAGED),
        (sqlite_error(sqlite3.SQLITE_IOERR_WRITE), Outage.AWAY),
        (sqlite_error(sqlite3.SQLITE_CANTOPEN), Outage.AWAY),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT), None),
        (psycopg.errors.DiskFull(), Outage.FULL),
        (psycopg.errors.TooManyConnections(), Outage.AWAY),
        (psycopg.errors.AdminShutdown(), Outage.AWAY),
        (psycopg.errors.IoError(), Outage.AWAY),
        (psycopg.errors.IndexCorrupted(), Outage.DAMAGED),
        (psycopg.OperationalError("connection failed"), Outage.AWAY),
        (psycopg.errors.UniqueViolation(), None),
        (OSError(errno.ENOSPC, "No space left on device"), Outage.FULL),
        (OSError(errno.ENOENT, "No such file"), None),
        (ValueError("no"), None),
        (None, None),
    ],
)
def test_the_codes_of_drivers_tell_what_is_wrong(error: Any, outage: Outage | None) -> None:
    assert outage_of(error) is outage
    if error is not None:
        assert outage_of(DBAPIError("SELECT 1", None, error)) is outage


def test_a_lost_connection_is_an_outage() -> None:
    assert outage_of(DBAPIError("SELECT 1", None, ValueError(), connection_invalidated=True)) is Outage.AWAY


@pytest.mark.parametrize("outage", Outage)
def test_each_is_told_in_sentences(outage: Outage) -> None:
    assert outage.sentence.endswith(".")
    assert outage.reason.endswith(".")


@SQLITE
def test_a_lack_of_space_is_seen_on_the_disk(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not lacks_space(engine)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10, 10, 0))
    assert lacks_space(engine)


def test_a_database_in_memory_lacks_no_space() -> None:
    assert not lacks_space(make_engine("sqlite://"))
