from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, make_url

Run = Callable[..., Any]


@pytest.fixture
def backend() -> str:
    return "sqlite"


def test_a_refusal_is_one_sentence_on_stderr_and_status_1(batchbook: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    result = batchbook("catalog", "load", empty, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "“empty.csv” is empty: it has no bytes. Expected a header row with “item_code”"
    )
    assert result.stderr.count("\n") == 1


def test_wrong_usage_is_status_2(batchbook: Run, command: Run, tmp_path: Path) -> None:
    assert batchbook("catalog", "load").exit_code == 2
    assert batchbook("catalog", "load", tmp_path / "missing.csv").exit_code == 2
    assert batchbook("no-such-command").exit_code == 2
    result = command("-c", tmp_path / "missing.ini", "init")
    assert result.exit_code == 2
    assert "There is no settings file" in result.stderr


def test_help_needs_no_settings_file(command: Run, tmp_path: Path) -> None:
    assert command("-c", tmp_path / "missing.ini", "catalog", "load", "--help").exit_code == 0


def test_a_database_without_tables_asks_for_init(
    command: Run, write_ini: Run, empty_database_url: URL, tmp_path: Path
) -> None:
    ini = write_ini(empty_database_url)
    for arguments in (("user", "add", "ann", "--role", "staff", "--password-stdin"), ("serve",)):
        result = command("-c", ini, *arguments, stdin="long enough, varied\n")
        assert result.exit_code == 1
        assert '"batchbook init" prepares it' in result.stderr


def test_a_database_that_cannot_be_opened(command: Run, write_ini: Run, tmp_path: Path) -> None:
    result = command("-c", write_ini(make_url(f"sqlite:///{tmp_path}")), "init")
    assert result.exit_code == 1
    assert (
        result.stderr
        == "The database could not be used, so nothing was done: its file can't be opened. Check the path in sqlalchemy.url, and"
        " the rights to the file and its folder.\n"
    )


def test_a_database_that_another_process_is_writing(
    batchbook: Run, write_lock: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchbook.db.engine._WAIT_SECONDS", 0.05)
    added = ("user", "add", "zoe", "--role", "staff", "--password-stdin")
    result = batchbook(*added, stdin="long enough, varied\n")
    assert result.exit_code == 1
    assert result.stderr == (
        "The database could not be used, so nothing was done: another process, such as a running job, is writing to it."
        " Try again when that has ended.\n"
    )
    write_lock.execute("ROLLBACK")
    result = batchbook(*added, stdin="long enough, varied\n")
    assert "There is no role staff" in result.stderr


def test_settings_that_are_not_right(command: Run, write_ini: Run, empty_database_url: URL) -> None:
    ini = write_ini(empty_database_url)
    ini.write_text(ini.read_text().replace("batchbook.demo = false", "batchbook.demo = perhaps"))
    result = command("-c", ini, "init")
    assert result.exit_code == 1
    assert "batchbook.demo must be true or false" in result.stderr
