"""Commands where actions are jobs and nobody else runs any: the command runs its own, or hands it over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, func, select

from batchbook.batches.models import Batch
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.store import HEARTBEAT, JobStore

Run = Callable[..., Any]


@pytest.fixture
def batchbook(command: Callable[..., Result], catalogue: Engine, write_ini: Run) -> Callable[..., Result]:
    ini = write_ini(catalogue.url, jobs="workers")
    return lambda *arguments: command("-c", ini, *arguments)


def jobs_of(engine: Engine) -> list[tuple[str, str, int]]:
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(select(Job.task, Job.state, Job.attempts).order_by(Job.id))
        return [tuple(row) for row in found]


def count(engine: Engine, model: Any) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def swap_handler(ini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    # A name of its own for each test: applications with the same settings are the same one.
    name = f"swapped_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    setting = f"batchbook.handler.price_change = {name}:Handler"
    ini.write_text(ini.read_text().replace("[server:main]", f"{setting}\n\n[server:main]"))


def test_every_action_runs_here(batch: Run, catalogue: Engine, opened: str) -> None:
    for arguments, sentence in [
        (("refresh", opened, "--as", "staff"), "Batch 00000001 was refreshed; no status changed.\n"),
        (
            ("complete", opened, "--as", "staff"),
            "Batch 00000001 was marked complete; it can be executed now.\n",
        ),
        (("clone", opened, "--as", "staff"), "00000002\n"),
        (
            ("execute", opened, "--as", "admin", "--option", "apply=increase"),
            "Batch 00000001 was executed: 1 price changed, 4 rows left out.\n",
        ),
        (("delete", 2, "--as", "admin"), "Batch 00000002 was deleted, with its 5 rows, files and history.\n"),
    ]:
        result = batch(*arguments)
        assert (result.exit_code, result.stdout, result.stderr) == (0, sentence, "")
    # Creating is one transaction, without a job.
    assert jobs_of(catalogue) == [(name, "done", 1) for name in ("refresh", "clone", "execute", "delete")]
    assert count(catalogue, PriceHistory) == 1
    store = JobStore(catalogue.url)
    with store.connection() as connection:
        assert connection.execute(select(HEARTBEAT)).all() == []
    store.close()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_facts_are_those_after_the_job(batch: Run, completed: str) -> None:
    executed = json.loads(batch("execute", completed, "--as", "admin", "--json").stdout)
    assert (executed["state"], executed["id"]) == ("executed", 1)
    clone = json.loads(batch("clone", completed, "--as", "staff", "--json").stdout)
    assert (clone["id"], clone["state"], clone["row_count"]) == (2, "open", 5)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_the_job_refuses_is_said(batch: Run, catalogue: Engine, completed: str) -> None:
    with transaction_scope(catalogue) as session:
        session.scalars(select(Product).where(Product.item_code == "000000011")).one().price = 2.5
    result = batch("execute", completed, "--as", "admin", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "000000011 (was 2.00, now 2.50)" in result.stderr
    assert jobs_of(catalogue) == [("execute", "failed", 1)]
    assert json.loads(batch("show", completed, "--json").stdout)["state"] == "complete"


def test_handed_over(batch: Run, catalogue: Engine, opened: str) -> None:
    result = batch("refresh", opened, "--as", "staff", "--background")
    assert result.stdout == (
        "Batch 00000001 is going to be refreshed. That is job 1; “batchbook jobs show 1” tells how far it is.\n"
    )
    assert jobs_of(catalogue) == [("refresh", "queued", 0)]
    refused = batch("refresh", opened, "--as", "staff")
    assert refused.exit_code == 1
    assert "It is waiting to be refreshed for staff at this moment" in refused.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
def test_created_and_handed_over(batch: Run, catalogue: Engine, price_list: Path) -> None:
    arguments = ("--file", price_list, "--as", "staff", "--background", "--json")
    created = json.loads(batch("create", "price_change", *arguments).stdout)
    assert (created["id"], created["job"]) == (1, 1)
    assert json.loads(batch("show", 1, "--json").stdout)["state"] == "new"
    assert jobs_of(catalogue) == [("populate", "queued", 0)]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_bad_file_leaves_no_batch_behind(batch: Run, catalogue: Engine, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("nothing,of,use\n1,2,3\n")
    assert batch("create", "price_change", "--file", tmp_path / "bad.csv", "--as", "staff").exit_code == 1
    assert (count(catalogue, Batch), count(catalogue, Job)) == (0, 0)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_inline_there_is_nobody_to_hand_over_to(command: Run, write_ini: Run, catalogue: Engine) -> None:
    result = command("-c", write_ini(catalogue.url), "batch", "refresh", 1, "--as", "staff", "--background")
    assert result.stderr == (
        "The setting batchbook.jobs is “inline”, so nothing can be handed over. Nothing was done.\n"
    )


@pytest.mark.parametrize("backend", ["sqlite"])
def test_complete_executes_where_the_handler_wants_that(
    batch: Run, command: Run, catalogue: Engine, opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ini = tmp_path / "batchbook.ini"
    swap_handler(
        ini,
        tmp_path,
        monkeypatch,
        "from dataclasses import replace\n"
        "from batchbook.types.price_change.handler import PriceChangeHandler\n"
        "class Handler(PriceChangeHandler):\n"
        "    execution_policy = replace(PriceChangeHandler.execution_policy, automatic=True)\n",
    )
    waiting = command("-c", ini, "batch", "complete", opened, "--as", "staff")
    assert "The role of staff does not allow that, so it waits" in waiting.stdout
    assert jobs_of(catalogue) == []
    command("-c", ini, "batch", "reopen", opened, "--as", "staff")
    result = command("-c", ini, "batch", "complete", opened, "--as", "admin")
    assert result.stdout.startswith("Batch 00000001 was marked complete")
    assert "going to be" not in result.stdout
    assert "Batch 00000001 was executed: 2 prices changed" in result.stdout
    assert jobs_of(catalogue) == [("execute", "done", 1)]


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
def test_ctrl_c_cancels_honestly(
    batch: Run,
    command: Run,
    catalogue: Engine,
    price_list: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    times: int,
) -> None:
    batch("create", "price_change", "--file", price_list, "--no-populate", "--as", "staff")
    ini, store = tmp_path / "batchbook.ini", str(JobStore(catalogue.url).url.database)
    swap_handler(ini, tmp_path, monkeypatch, CTRL_C.format(times=times, store=store))
    result = command("-c", ini, "batch", "populate", 1, "--as", "staff")
    assert (result.exit_code, result.stdout) == (1, "")
    said = result.stderr.splitlines()
    assert said[-1].startswith("Batch 00000001 was not populated: staff cancelled that")
    assert said[-1].endswith("Nothing of it was kept; everything is as it was before.")
    if times == 1:
        assert said[0] == "Cancelling: it stops as soon as it can, and nothing of it is kept."
    assert jobs_of(catalogue) == [("populate", "cancelled", 1)]
    shown = json.loads(batch("show", 1, "--json").stdout)
    assert (shown["state"], shown["row_count"]) == ("new", 0)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_told_to_stop_it_hands_back(
    batch: Run,
    command: Run,
    catalogue: Engine,
    price_list: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
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
    swap_handler(tmp_path / "batchbook.ini", tmp_path, monkeypatch, code)
    result = command("-c", tmp_path / "batchbook.ini", "batch", "populate", 1, "--as", "staff")
    assert result.exit_code == 1
    assert result.stderr == (
        "Batch 00000001 was not populated here, because this process was told to stop. Job 1 waits for a worker.\n"
    )
    assert jobs_of(catalogue) == [("populate", "queued", 0)]


def test_what_the_bar_and_the_lines_say(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from batchbook.cli import foreground
    from batchbook.jobs.job_progress import step_at

    clock = iter(range(0, 1_000, 6))
    monkeypatch.setattr(foreground.time, "monotonic", lambda: float(next(clock)))
    step = step_at("execute", 450, 1_000, 1.5)
    bar, lines = foreground.Bar(), foreground.Lines()
    bar.show("Execute: Batch 00000001", step, "Execute: 450 of 1,000 rows")
    lines.show("Execute: Batch 00000001", step, "Execute: 450 of 1,000 rows")
    drawn = capsys.readouterr().err
    assert "██████████░░░░░░░░░░░░░░  45 %  Execute: 450 of 1,000 rows" in drawn
    assert drawn.endswith("Execute: Batch 00000001: Execute: 450 of 1,000 rows\n")
