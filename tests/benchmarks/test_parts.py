from __future__ import annotations

from typing import Any

import pytest


def figures_of(name: str, server: Any, inputs: Any) -> Any:
    from benchmarks.parts.figures import PartRequest
    from benchmarks.parts.measures import ON_DATABASES, WITHOUT_DATABASE

    return [*(WITHOUT_DATABASE | ON_DATABASES)[name](PartRequest(server, inputs, is_quick=True))]


@pytest.mark.parametrize("name", ["execution", "changes", "price history"])
def test_parts_on_databases_are_measured(server: Any, inputs: Any, name: str) -> None:
    found = figures_of(name, server, inputs)
    assert {(one.part, one.database) for one in found} == {(name, server.name)}
    assert all(one.value > 0 for one in found)


def test_a_changed_cell_takes_few_bytes_when_there_are_many(server: Any, inputs: Any) -> None:
    cell = figures_of("changes", server, inputs)[0]
    assert cell.name == f"a changed cell of {inputs.rows * 5:,}"
    assert 5 < cell.value <= cell.most


@pytest.mark.parametrize("name", ["startup", "rendering", "workbooks"])
def test_parts_without_a_database_are_measured(inputs: Any, name: str) -> None:
    found = figures_of(name, None, inputs)
    assert {(one.part, one.database) for one in found} == {(name, "")}
    assert all(one.value > 0 for one in found)


def test_jobs_start_and_run_as_fast_as_inline(inputs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.databases import DATABASES
    from benchmarks.parts.jobs import job_costs

    server = DATABASES["sqlite"]()
    try:
        server.prepare(inputs.catalogue)
        costs = job_costs(server, inputs.price_list, inputs.rows, 1, 1, 0)
    finally:
        server.close()
    assert [len(times) for times in (costs.starts, costs.as_job, costs.inline)] == [1, 1, 1]
    assert costs.ratio == costs.as_job[0] / costs.inline[0]
