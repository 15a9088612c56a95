"""The commands that list duplicates and keep one row of each group."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


def test_duplicates_are_listed_and_one_of_each_is_kept(batch: Run, opened: str) -> None:
    assert "1 group of duplicates" not in batch("duplicates", opened).stdout
    batch("add-row", opened, "--set", "item_code=000000011", "--set", "new_price=1.00", "--as", "staff")
    batch("set", opened, 2, "item_code", "000000011", "--as", "staff")
    listed = batch("duplicates", opened)
    assert listed.stdout.splitlines()[0] == "Batch 00000001 has 1 group of duplicates."
    data = json.loads(batch("duplicates", opened, "--json").stdout)
    assert (data["count"], data["keep"]) == (1, ["first", "last", "cheapest"])
    (group,) = data["groups"]
    result = batch("deduplicate", opened, "--keep", "cheapest", "--as", "staff", "--json")
    assert json.loads(result.stdout)["removed"] == group["rows"] - 1
    assert batch("duplicates", opened).stdout == "Batch 00000001 has no duplicates.\n"
    assert batch("restore-rows", opened, "--as", "staff").exit_code == 0
    result = batch("deduplicate", opened, "--row", group["sequences"][0], "--as", "staff")
    assert f"Kept row {group['sequences'][0]}, and removed" in result.stdout


@pytest.mark.parametrize(
    "options",
    [(), ("--keep", "first", "--row", 1), ("--row", 1, "--group", 1)],
    ids=["neither", "both", "group"],
)
def test_the_choice_must_be_clear(batch: Run, opened: str, options: tuple[Any, ...]) -> None:
    result = batch("deduplicate", opened, *options, "--as", "staff")
    assert result.exit_code == 1
    assert "Give either --keep" in result.stderr
