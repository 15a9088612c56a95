"""Processes that are ended because a job in them does not react: what becomes of its jobs, and who goes on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.worker import EXIT_STATUS

from .test_processes import LOGGING, wait_for

Run = Callable[..., Any]

#: Populates a batch with the description "blocked" for an hour, and one with "long" until all is well.
HANDLER = """
import pathlib, time
from batchbook.types.price_change.handler import PriceChangeHandler

class Handler(PriceChangeHandler):
    def populate(self, batch):
        yield from super().populate(batch)
        place = pathlib.Path({place!r})
        if (place / "well").exists():
            return
        (place / batch.description).touch()
        if batch.description == "blocked":
            time.sleep(3600)
        while not (place / "well").exists():
            time.sleep(0.02)
"""

SETTINGS = """batchbook.jobs.dead_seconds = 0.6
batchbook.jobs.poll_seconds = 0.1
batchbook.jobs.interrupt_seconds = 0.5
batchbook.handler.price_change = swapped:Handler
{more}

[server:main]"""


@pytest.fixture
def ini(
    write_ini: Run, engine: Engine, users: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Writes a settings file with more settings, for an installation whose handler can block."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "swapped.py").write_text(HANDLER.format(place=str(tmp_path)))
    (tmp_path / "list.csv").write_text("item_code,description,size,price\n1,RYE,1,2.20\n2,MILK,1,1.10\n")

    def write(jobs: str, more: str = "") -> Path:
        path: Path = write_ini(engine.url, jobs=jobs)
        text = path.read_text().replace("[server:main]", SETTINGS.format(more=more))
        path.write_text(text + LOGGING)
        return path

    return write


def job(engine: Engine, number: int) -> Job:
    with transaction_scope(engine, read_only=True) as session:
        return session.get_one(Job, number)


def create(command: Run, ini: Path, description: str) -> None:
    arguments = ("--file", ini.parent / "list.csv", "--description", description, "--as", "staff")
    result = command("-c", ini, "batch", "create", "price_change", "--background", *arguments)
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_worker_is_ended_for_a_job_and_another_one_does_the_rest(
    ini: Run,
    start: Run,
    command: Run,
    engine: Engine,
    tmp_path: Path,
) -> None:
    settings = ini("workers")
    create(command, settings, "blocked")
    create(command, settings, "long")
    first = start("-c", settings, "worker", "--threads", 2)
    wait_for(lambda: (tmp_path / "blocked").exists() and (tmp_path / "long").exists(), first)
    refused = command("-c", settings, "jobs", "cancel", 1, "--force", "--as", "staff")
    assert (refused.exit_code, "does not allow ending processes" in refused.stderr) == (1, True)
    log = command("-c", settings, "jobs", "cancel", 1, "--force", "--as", "admin").stdout
    assert log.endswith(f"If it does not respond, the process {job(engine, 1).owner} will be ended.\n")
    log = first.communicate(timeout=60)[1]
    assert first.returncode == EXIT_STATUS, log
    assert "Job 1 does not respond, so this process is being ended." in log
    assert "time.sleep(3600)" in log, "The log says where it was."
    (tmp_path / "well").touch()
    second = start("-c", settings, "worker")
    wait_for(lambda: job(engine, 1).has_ended and job(engine, 2).has_ended, second)
    ended, other = job(engine, 1), job(engine, 2)
    assert ended.state == "cancelled"
    assert ended.message == (
        "Batch 00000001 was not populated: admin cancelled the job. None of its work was kept; everything is"
        " as it was before. It did not respond, so the process that ran it was ended."
    )
    assert (other.state, other.attempts) == ("done", 1), "It was not its fault."


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_server_starts_again_when_a_job_in_it_exceeds_its_limit_and_does_not_react(
    ini: Run,
    start: Run,
    command: Run,
    engine: Engine,
    tmp_path: Path,
) -> None:
    settings = ini("embedded", "batchbook.jobs.time_limit_seconds = 1")
    server = start("-c", settings, "serve")
    read_until("Serving on", server)
    create(command, settings, "blocked")
    log = read_until("Serving on", server)
    assert "Job 1 does not respond, so this process is being ended." in log
    wait_for(lambda: job(engine, 1).has_ended, server)
    ended = job(engine, 1)
    assert ended.state == "failed"
    assert "was not populated: the job was ended after 1 second, the limit set by" in (ended.message or "")
    assert (ended.message or "").endswith("It did not respond, so the process that ran it was ended.")
    # Nothing holds the database any more.
    (tmp_path / "well").touch()
    assert command("-c", settings, "jobs", "retry", 1, "--as", "staff").stdout == "2\n"
    wait_for(lambda: job(engine, 2).has_ended, server)
    assert job(engine, 2).state == "done"
    server.send_signal(signal.SIGTERM)
    rest = server.communicate(timeout=30)[1]
    assert server.returncode == 0, rest


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_server_that_was_told_to_stop_does_not_start_again(
    ini: Run,
    start: Run,
    command: Run,
    engine: Engine,
    tmp_path: Path,
) -> None:
    settings = ini("embedded", "batchbook.jobs.time_limit_seconds = 5")
    server = start("-c", settings, "serve")
    read_until("Serving on", server)
    create(command, settings, "blocked")
    wait_for((tmp_path / "blocked").exists, server)
    server.send_signal(signal.SIGTERM)
    log = server.communicate(timeout=60)[1]
    assert server.returncode == EXIT_STATUS, log
    assert "Job 1 does not respond, so this process is being ended." in log
    assert "Serving on" not in log
    assert not job(engine, 1).has_ended, "Who sees to jobs next writes what became of it."


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_command_ends_itself_for_its_own_job(
    ini: Run,
    start: Run,
    command: Run,
    engine: Engine,
    tmp_path: Path,
) -> None:
    settings = ini("workers", "batchbook.jobs.time_limit_seconds.price_change = 1")
    create(command, settings, "blocked")
    assert command("-c", settings, "jobs", "cancel", 1, "--as", "staff").exit_code == 0
    populating = start("-c", settings, "batch", "populate", 1, "--as", "staff")
    log = populating.communicate(timeout=60)[1]
    assert populating.returncode == EXIT_STATUS, log
    assert "Job 2 does not respond, so this process is being ended." in log


def read_until(words: str, process: Any) -> str:
    log = ""
    while words not in log:
        line = process.stderr.readline()
        assert line, log
        log += line
    return log
