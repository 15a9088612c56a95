"""The commands that approve a batch and sign its execution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from batchbook.batches import Policy
from batchbook.batches.policies.stored import set_policy
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope

Run = Callable[..., Any]


def test_a_batch_is_approved_and_signed_before_it_is_executed(
    batchbook: Run, batch: Run, catalogue: Engine, users: dict[str, str], opened: str
) -> None:
    with transaction_scope(catalogue) as session:
        set_policy(session, "price_change", Policy(approvals=1, signature=True), utc_now(), "admin", 0)
    batch("complete", opened, "--as", "staff")
    as_admin = ("--as", "admin")
    assert "batchbook batch sign" in batch("execute", opened, *as_admin).stderr

    def sign(password: str) -> Any:
        return batchbook("batch", "sign", opened, "--password-stdin", *as_admin, stdin=f"{password}\n")

    assert sign("not it").stderr.strip() == "Nothing was signed. That is not the password of admin."
    assert "can be executed" in sign(users["admin"]).stdout
    assert "1 more person must approve it as it is now" in batch("execute", opened, *as_admin).stderr
    assert "the role of staff does not allow that" in batch("approve", opened, "--as", "staff").stderr
    approved = batch("approve", opened, *as_admin, "--reason", "Compared with the list.")
    assert "was approved. Any later change of its content voids this." in approved.stdout
    assert batch("execute", opened, *as_admin).exit_code == 0
