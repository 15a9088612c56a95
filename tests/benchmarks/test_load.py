from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_staff_work_on_running_servers_without_errors(
    server: Any, inputs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.budget import Budget
    from benchmarks.load import load_figures, scenes, staff

    for module, name, value in (
        (scenes, "STAFF", 6), (scenes, "EDITORS", 2), (scenes, "IMPORTING", 1), (scenes, "_BATCHES", 2), (scenes, "_WARM", 1.0),
        (staff, "EDIT_EVERY", 0.5),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    working, executing = load_figures(server, tmp_path, inputs, 2.0, Budget(200))
    assert (working.kind, working.errors, working.examples) == ("staff", 0, [])
    assert {"edit", "window"} <= {*working.p95_by_kind}
    assert working.requests >= 6
    assert 0 < working.p50 <= working.p95 <= working.longest < 30
    assert working.memory_start > 50 * 2**20
    assert (executing.kind, executing.rows, executing.examples) == ("execution", inputs.rows, [])
