"""Declarations of policies: which are refused, and how they are stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from batchbook.batches import Policy
from batchbook.errors import BadInput


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"approvals": 10}, "must be from 0 to 9"),
        ({"approvals_above": Decimal(-1)}, "A limit must be a number from 0"),
        ({"reasons": (" ",)}, "must have 1 to 200 characters"),
        ({"reason": True, "other_reasons": False}, "none could be given"),
        ({"windows": "always"}, "is not a time window"),
        ({"zone": "Atlantis"}, "There is no time zone"),
    ],
)
def test_a_policy_that_could_not_be_applied_is_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Policy(**wrong)


def test_a_policy_is_the_same_after_it_was_stored() -> None:
    policy = Policy(
        approvals=2, approvals_above=Decimal("1000.50"), reasons=("Year end",), windows="Mon 08:00-09:00"
    )
    stored = policy.to_json()
    assert Policy.from_json(stored) == policy
    assert Policy.from_json({"approvals": 1, "later": True}) == Policy(approvals=1)
    assert policy.changes_from(Policy())[:2] == ["approvals: 0 → 2", "approvals_above: None → 1000.50"]
