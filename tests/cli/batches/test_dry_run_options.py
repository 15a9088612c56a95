"""The dry run by the command: it lists or writes the effects, and changes nothing."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_a_dry_run_lists_the_effects_and_changes_nothing(
    batch: Run, completed: str, snapshot: Run, tmp_path: Path
) -> None:
    before = snapshot()
    shown = batch("execute", completed, "--dry-run", "--as", "staff")
    assert shown.exit_code == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("Nothing was changed. An execution would do this: 2 prices changed")
    assert lines[1] == "Product: 2 updated."
    assert "  Product 000000011 updated (row 1): Price: 2.00 -> 2.20" in lines
    told = json.loads(batch("execute", completed, "--dry-run", "--as", "admin", "--json").stdout)
    assert [(one["record_key"], one["before"], one["after"]) for one in told["effects"]] == [
        ("000000011", {"price": "2.00"}, {"price": "2.20"}),
        ("000000012", {"price": "3.00"}, {"price": "2.70"}),
    ]
    path = tmp_path / "effects.csv"
    assert batch("execute", completed, "--dry-run", "--output", path, "--as", "admin").exit_code == 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [(row["Key"], row["After"]) for row in csv.DictReader(file)] == [
            ("000000011", "2.20"),
            ("000000012", "2.70"),
        ]
    assert snapshot() == before
    chosen = batch("execute", completed, "--dry-run", "--option", "apply=decrease", "--as", "admin")
    assert "Product: 1 updated." in chosen.stdout
    assert batch("execute", completed, "--output", path, "--as", "admin").exit_code == 2
