"""The commands that approve a batch and sign its execution."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
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


def test_a_reason_is_given_for_several_batches(batch: Run, catalogue: Engine, opened: str) -> None:
    with transaction_scope(catalogue) as session:
        set_policy(session, "price_change", Policy(reason=True), utc_now(), "admin", 0)
    batch("complete", opened, "--as", "staff")
    execute_all = ("execute-all", "price_change", "--as", "admin")
    refused = batch(*execute_all)
    assert "Give a reason." in refused.stdout + refused.stderr
    assert batch(*execute_all, "--reason", "The yearly list.").exit_code == 0
    assert "The yearly list." in batch("history", opened, "--json").stdout


def test_a_reason_is_given_for_an_edit(batch: Run, catalogue: Engine, opened: str) -> None:
    with transaction_scope(catalogue) as session:
        set_policy(session, "price_change", Policy(edit_amount=Decimal(1)), utc_now(), "admin", 0)
    edit = ("set", opened, "1", "new_price", "99.90", "--as", "staff")
    refused = batch(*edit)
    assert "Nothing was changed. New price in row 1 changes from" in refused.stderr
    assert "Give a reason" in refused.stderr
    assert batch(*edit, "--reason", "New contract.").exit_code == 0
    assert "New contract." in batch("history", opened, "--json").stdout
