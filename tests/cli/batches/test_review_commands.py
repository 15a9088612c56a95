"""The commands that send a batch back and comment on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


def test_a_batch_is_sent_back_with_a_reason_and_commented_on(batch: Run, completed: str) -> None:
    refused = batch("send-back", completed, "--as", "admin")
    assert (refused.exit_code, "Give a reason" in refused.stderr) == (1, True)
    assert batch("send-back", completed, "--reason", "x", "--as", "staff").exit_code == 1
    result = batch("send-back", completed, "--reason", "Row 2 is too dear.", "--as", "admin")
    assert "was sent back to staff; its rows can be changed again." in result.stdout
    shown = json.loads(batch("show", completed, "--json").stdout)
    assert (shown["state"], shown["sent_back_to"], shown["sent_back_reason"]) == (
        "open",
        "staff",
        "Row 2 is too dear.",
    )
    added = batch(
        "comment", completed, "Corrected, @admin.", "--row", 2, "--field", "new_price", "--as", "staff"
    )
    assert "“admin” will see it on the start page." in added.stdout
    listed = json.loads(batch("comments", completed, "--json").stdout)["comments"]
    assert [(one["author"], one["sequence"], one["field"]) for one in listed] == [("staff", 2, "new_price")]
    batch("complete", completed, "--as", "staff")
    assert json.loads(batch("show", completed, "--json").stdout)["sent_back_to"] is None
    assert "Sent back to staff. Reason: Row 2 is too dear." in batch("history", completed).stdout


def test_earlier_corrections_are_replayed(batch: Run, price_list: Any) -> None:
    numbers = []
    for _ in range(2):
        made = batch(
            "create", "price_change", "--file", price_list, "--set", "vendor_code=V1", "--as", "staff"
        )
        numbers.append(made.stdout.strip())
    first, second = numbers
    assert "no such earlier batch" in batch("replay", first, "--as", "staff").stderr
    batch("set", first, 1, "new_price", "9.99", "--as", "staff")
    dry = json.loads(batch("replay", second, "--dry-run", "--json", "--as", "staff").stdout)
    assert (dry["earlier"], dry["fitting"], dry["left"]) == (int(first), 1, [])
    assert "Replayed 1 correction of batch" in batch("replay", second, "--as", "staff").stdout
