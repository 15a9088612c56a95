"""Processes that run jobs: what they take, how they stop, and that they take over from the killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from batchbook.application import configure
from batchbook.batches import Batch, State
from batchbook.cli.processes import queues_of
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs import Job
from batchbook.services import services_of
from batchbook.types.price_change.models import PriceChangeRow

Run = Callable[..., Any]

LOGGING = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = %(message)s
"""

#: Stops in the midst of its work, until it may go on.
HANDLER = """
import pathlib, time
from batchbook.types.price_change.handler import PriceChangeHandler

class Handler(PriceChangeHandler):
    def populate(self, batch):
        place = pathlib.Path({place!r})
        yield from super().populate(batch)
        (place / "begun").touch()
        while not (place / "go on").exists():
            time.sleep(0.02)
"""


def wait_for(what: Callable[[], object], process: Any, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_worker_takes_over_from_a_killed_command(
    start: Run, command: Run, write_ini: Run, engine: Engine, users: object, tmp_path: Path
) -> None:
    ini = write_ini(engine.url, jobs="workers")
    setting = "batchbook.jobs.dead_seconds = 0.6\nbatchbook.handler.price_change = swapped:Handler"
    ini.write_text(ini.read_text().replace("[server:main]", f"{setting}\n\n[server:main]"))
    (tmp_path / "swapped.py").write_text(HANDLER.format(place=str(tmp_path)))
    (tmp_path / "list.csv").write_text("item_code,description,size,price\n1,RYE,1,2.20\n2,MILK,1,1.10\n")
    plain = write_ini(
        engine.url, jobs="workers"
    ).read_text()  # The creation below runs here, with the usual handler.
    usual = tmp_path / "usual.ini"
    usual.write_text(plain)
    ini = tmp_path / "swapped.ini"
    ini.write_text(plain.replace("[server:main]", f"{setting}\n\n[server:main]") + LOGGING)
    arguments = ("--file", tmp_path / "list.csv", "--no-populate", "--as", "staff")
    assert command("-c", usual, "batch", "create", "price_change", *arguments).exit_code == 0

    killed = start("-c", ini, "batch", "populate", 1, "--as", "staff")
    wait_for((tmp_path / "begun").exists, killed)
    killed.kill()
    killed.wait()
    assert job_of(engine).state == "running"
    (tmp_path / "go on").touch()
    worker = start("-c", ini, "worker", "--threads", 1)
    wait_for(lambda: job_of(engine).has_ended, worker)
    worker.send_signal(signal.SIGTERM)
    log = worker.communicate(timeout=30)[1]
    assert worker.returncode == 0, log
    assert "takes jobs from: batchbook." in log
    assert "No longer running jobs." in log
    ended = job_of(engine)
    assert (ended.state, ended.attempts) == ("done", 2)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(PriceChangeRow)) == 2


def job_of(engine: Engine) -> Job:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalars(select(Job)).one()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_server_with_jobs_in_it_stops_well(start: Run, write_ini: Run, engine: Engine) -> None:
    ini = write_ini(engine.url, jobs="embedded")
    ini.write_text(ini.read_text() + LOGGING)
    server = start("-c", ini, "serve")
    log = ""
    while "Serving on" not in log:
        line = server.stderr.readline()
        assert line, log
        log += line
    server.send_signal(signal.SIGTERM)
    rest = server.communicate(timeout=30)[1]
    assert server.returncode == 0, rest
    assert "Running jobs as" in log
    assert "No longer running jobs." in rest


#: A server that only prints how many objects it is given that garbage collections leave out, and how many others.
PRINTING_SERVER = """
import gc, sys

def server_factory(global_conf, **settings):
    return lambda application: print(gc.get_freeze_count(), len(gc.get_objects()), file=sys.stderr)
"""


@pytest.mark.parametrize("backend", ["sqlite"])
def test_garbage_collections_of_a_server_leave_out_what_it_starts_with(
    start: Run, write_ini: Run, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "printing.py").write_text(PRINTING_SERVER)
    ini = write_ini(engine.url)
    ini.write_text(ini.read_text().replace("egg:waitress#main", "call:printing:server_factory"))
    server = start("-c", ini, "serve")
    printed = server.communicate(timeout=60)[1]
    assert server.returncode == 0, printed
    frozen, others = map(int, printed.split())
    assert frozen > 50_000 > 10 * others


@pytest.mark.parametrize("mode", ["inline", "workers"])
def test_a_server_resets_interrupted_batches_before_it_serves(
    start: Run, command: Run, write_ini: Run, engine: Engine, users: object, tmp_path: Path, mode: str
) -> None:
    (tmp_path / "list.csv").write_text("item_code,description,size,price\n1,RYE,1,2.20\n")
    arguments = ("--file", tmp_path / "list.csv", "--no-populate", "--as", "staff")
    made = command("-c", write_ini(engine.url, jobs="inline"), "batch", "create", "price_change", *arguments)
    assert made.exit_code == 0, made.stderr
    with transaction_scope(engine) as session:
        session.execute(update(Batch).values(state=State.POPULATING))
    ini = write_ini(engine.url, jobs=mode)
    ini.write_text(ini.read_text() + LOGGING)
    server = start("-c", ini, "serve")
    log = ""
    while "Serving on" not in log:
        line = server.stderr.readline()
        assert line, log
        log += line
    assert "was interrupted while it was populating" in log
    with transaction_scope(engine, read_only=True) as session:
        batch = session.scalars(select(Batch)).one()
        assert (batch.state, "was interrupted while" in (batch.failure or "")) == (State.NEW, True)
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=30)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("mode", "arguments", "sentence"),
    [
        ("inline", (), "The setting batchbook.jobs is “inline”, so there is nothing for a worker to do."),
        ("workers", ("--type", "price_change"), "setting batchbook.jobs.queue.price_change, such as"),
        ("workers", ("--type", "cake"), "There is no batch type “cake”."),
    ],
)
def test_a_worker_that_does_not_start(
    command: Run, write_ini: Run, engine: Engine, mode: str, arguments: Any, sentence: str
) -> None:
    result = command("-c", write_ini(engine.url, jobs=mode), "worker", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_queues_of_types(settings: dict[str, str]) -> None:
    settings |= {"batchbook.jobs": "workers", "batchbook.jobs.queue.price_change": "prices"}
    config = configure(settings)
    assert queues_of(services_of(config.registry), ["price_change", "price_change"]) == ("prices",)
    services_of(config.registry).get(Engine).dispose()
    settings["batchbook.jobs.queue.price_change"] = "batchbook"
    config = configure(settings)
    with pytest.raises(Conflict, match="share a queue with others"):
        queues_of(services_of(config.registry), ["price_change"])
    services_of(config.registry).get(Engine).dispose()
