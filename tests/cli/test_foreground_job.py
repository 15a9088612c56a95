"""Jobs that a command runs itself: Ctrl-C, SIGTERM and the display of progress."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.cli import foreground_job
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.job_progress import step_at
from batchbook.jobs.store import JobStore

Run = Callable[..., Any]


@pytest.fixture
def batchbook(command: Run, catalogue: Engine, write_ini: Run) -> Run:
    """Runs ``batchbook`` with arguments, where jobs run in processes of their own."""
    ini = write_ini(catalogue.url, jobs="workers")
    return lambda *arguments: command("-c", ini, *arguments)


def jobs_of(engine: Engine) -> list[tuple[str, str, int]]:
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(select(Job.task, Job.state, Job.attempts).order_by(Job.id))
        return [tuple(row) for row in found]


CTRL_C = """
import signal, sqlite3, time
from batchbook.types.price_change.handler import PriceChangeHandler

class Handler(PriceChangeHandler):
    def refresh(self, batch, rows):
        for _ in range({times}):
            signal.raise_signal(signal.SIGINT)
        jobs = sqlite3.connect({store!r})
        while not jobs.execute("SELECT count(*) FROM wish").fetchone()[0]:
            time.sleep(0.01)
        super().refresh(batch, rows)
"""


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_cancels_the_job(
    batch: Run,
    command: Run,
    catalogue: Engine,
    price_list: Path,
    tmp_path: Path,
    swap_handler: Run,
    times: int,
) -> None:
    batch("create", "price_change", "--file", price_list, "--no-populate", "--as", "staff")
    ini, store = tmp_path / "batchbook.ini", str(JobStore(catalogue.url).url.database)
    swap_handler(ini, CTRL_C.format(times=times, store=store))
    result = command("-c", ini, "batch", "populate", 1, "--as", "staff")
    assert (result.exit_code, result.stdout) == (1, "")
    errors = result.stderr.splitlines()
    assert errors[-1].startswith("Batch 00000001 was not populated: staff cancelled the job")
    assert errors[-1].endswith("None of its work was kept; everything is as it was before.")
    if times == 1:
        assert errors[0] == "Cancelling. The job stops as soon as it can, and nothing of it is kept."
    assert jobs_of(catalogue) == [("populate", "cancelled", 1)]
    data = json.loads(batch("show", 1, "--json").stdout)
    assert (data["state"], data["row_count"]) == ("new", 0)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_sigterm_hands_the_job_back(
    batch: Run,
    command: Run,
    catalogue: Engine,
    price_list: Path,
    tmp_path: Path,
    swap_handler: Run,
) -> None:
    batch("create", "price_change", "--file", price_list, "--no-populate", "--as", "staff")
    code = (
        "import signal\n"
        "from dataclasses import replace\n"
        "from batchbook.types.price_change.handler import PriceChangeHandler\n"
        "class Handler(PriceChangeHandler):\n"
        "    def refresh(self, batch, rows):\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "        super().refresh(batch, rows)\n"
    )
    swap_handler(tmp_path / "batchbook.ini", code)
    result = command("-c", tmp_path / "batchbook.ini", "batch", "populate", 1, "--as", "staff")
    assert result.exit_code == 1
    assert result.stderr == (
        "Batch 00000001 was not populated here, because this process was told to stop. Job 1 waits for a worker.\n"
    )
    assert jobs_of(catalogue) == [("populate", "queued", 0)]


def test_a_bar_for_terminals_and_lines_for_logs(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    clock = iter(range(0, 1_000, 6))
    monkeypatch.setattr(foreground_job.time, "monotonic", lambda: float(next(clock)))
    step = step_at("execute", 450, 1_000, 1.5)
    bar, lines = foreground_job.BarDisplay(), foreground_job.LineDisplay()
    bar.show("Execute: Batch 00000001", step, "Execute: 450 of 1,000 rows")
    lines.show("Execute: Batch 00000001", step, "Execute: 450 of 1,000 rows")
    drawn = capsys.readouterr().err
    assert "██████████░░░░░░░░░░░░░░  45 %  Execute: 450 of 1,000 rows" in drawn
    assert drawn.endswith("Execute: Batch 00000001: Execute: 450 of 1,000 rows\n")
