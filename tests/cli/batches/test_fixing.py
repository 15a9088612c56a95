"""Problems on the command line: listing them, and fixing all that are wrong alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])

CHEAP = ("--field", "new_price", "--text", "cheap", "--as", "staff")


def test_list_problems(batch: Run, opened: str) -> None:
    first, line = batch("problems", opened).stdout.splitlines()
    assert first == "Batch 00000001 has 1 problem in 1 row."
    assert line.startswith("✕ new_price “cheap” (not-a-number; 1 row, number 5): “cheap” is not a number")
    data = json.loads(batch("problems", opened, "--json", "--as", "staff").stdout)
    assert (data["count"], data["rows"], data["codes"]) == (1, 1, {"not-a-number": 1})
    (group,) = data["groups"]
    assert (group["field"], group["text"], group["count"], group["rows"]) == ("new_price", "cheap", 1, [5])


def test_fix_all_alike(batch: Run, snapshot: Run, opened: str) -> None:
    before = snapshot()
    shown = batch("fix", opened, *CHEAP, "--with", "0.99", "--dry-run")
    assert shown.stdout == (
        "Batch 00000001: new_price would become “0.99” instead of “cheap” in 1 row: 5. Nothing was changed.\n"
    )
    assert snapshot() == before
    fixed = batch("fix", opened, *CHEAP, "--with", "0.99", "--code", "not-a-number")
    assert fixed.stdout == "Batch 00000001: Changed 1 cell in 1 row.\n"
    assert batch("problems", opened).stdout == "Batch 00000001 has no problems.\n"


def test_what_cannot_be_fixed_is_refused_in_a_sentence(batch: Run, snapshot: Run, opened: str) -> None:
    before = snapshot()
    refusals = {
        (*CHEAP, "--with", "dear"): "“dear” is not a number",
        (*CHEAP, "--with", "dear", "--dry-run"): "“dear” is not a number",
        (*CHEAP, "--with", "1", "--code", "x"): "No cell has this problem",
        ("--field", "old_price", "--text", "", "--with", "1", "--as", "staff"): "“old_price” is not a field",
        (*CHEAP[:-1], "auditor", "--with", "1"): "the role of auditor does not allow that",
    }
    for options, words in refusals.items():
        result = batch("fix", opened, *options)
        assert (result.exit_code, words in result.stderr) == (1, True), result.stderr
    assert snapshot() == before
