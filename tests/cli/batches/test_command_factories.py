"""Commands whose actions are jobs, where no worker runs: they run their own job, or leave it in the background."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, func, select

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


def test_every_action_runs_as_a_job_of_the_command(batch: Run, catalogue: Engine, opened: str) -> None:
    for arguments, sentence in [
        (("refresh", opened, "--as", "staff"), "Batch 00000001 was refreshed; no status changed.\n"),
        (
            ("complete", opened, "--as", "staff"),
            "Batch 00000001 was marked complete; it can be executed now.\n",
        ),
        (("clone", opened, "--as", "staff"), "00000002\n"),
        (
            ("execute", opened, "--as", "admin", "--option", "apply=increase"),
            "Batch 00000001 was executed: 1 price changed, 1 unchanged, 3 rows left out.\n",
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
def test_a_refusal_of_the_job_is_the_command_s(batch: Run, catalogue: Engine, completed: str) -> None:
    with transaction_scope(catalogue) as session:
        session.scalars(select(Product).where(Product.item_code == "000000011")).one().price = 2.5
    result = batch("execute", completed, "--as", "admin", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "000000011 (was 2.00, now 2.50)" in result.stderr
    assert jobs_of(catalogue) == [("execute", "failed", 1)]
    assert json.loads(batch("show", completed, "--json").stdout)["state"] == "complete"


def test_a_job_in_the_background(batch: Run, catalogue: Engine, opened: str) -> None:
    result = batch("refresh", opened, "--as", "staff", "--background")
    assert result.stdout == (
        "Batch 00000001 is going to be refreshed. It runs as job 1; “batchbook jobs show 1” shows its progress.\n"
    )
    assert jobs_of(catalogue) == [("refresh", "queued", 0)]
    refused = batch("refresh", opened, "--as", "staff")
    assert refused.exit_code == 1
    assert "It is waiting to be refreshed for staff at this moment" in refused.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
def test_created_and_populated_in_the_background(batch: Run, catalogue: Engine, price_list: Path) -> None:
    arguments = ("--file", price_list, "--as", "staff", "--background", "--json")
    created = json.loads(batch("create", "price_change", *arguments).stdout)
    assert (created["id"], created["job"]) == (1, 1)
    assert json.loads(batch("show", 1, "--json").stdout)["state"] == "new"
    assert jobs_of(catalogue) == [("populate", "queued", 0)]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_without_jobs_nothing_runs_in_the_background(command: Run, write_ini: Run, catalogue: Engine) -> None:
    result = command("-c", write_ini(catalogue.url), "batch", "refresh", 1, "--as", "staff", "--background")
    assert result.stderr == (
        "The setting batchbook.jobs is “inline”, so nothing can run in the background. Nothing was done.\n"
    )


@pytest.mark.parametrize("backend", ["sqlite"])
def test_complete_executes_at_once_if_the_handler_wants_it(
    batch: Run, command: Run, catalogue: Engine, opened: str, tmp_path: Path, swap_handler: Run
) -> None:
    ini = tmp_path / "batchbook.ini"
    swap_handler(
        ini,
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
