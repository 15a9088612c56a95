"""The commands that list unknown codes, match them, and make new products of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, select

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role

Run = Callable[..., Any]


def take_permissions(catalogue: Engine, *names: str) -> None:
    """Take permissions from the role of staff."""
    with transaction_scope(catalogue) as session:
        role = session.scalars(select(Role).where(Role.name == "staff")).one()
        role.permissions = [one for one in role.permissions if one.permission not in names]


def test_unknown_codes_are_listed_matched_and_unmatched(batch: Run, opened: str) -> None:
    batch("set", opened, 4, "item_code", "0-000-00013", "--as", "staff")
    batch("refresh", opened, "--as", "staff")
    lines = batch("matches", opened).stdout.splitlines()
    assert lines == [
        "Batch 00000001 has 1 unknown code.",
        "0-000-00013  =ROLL  (row 4)",
        "  000000013  PRETZEL  (same code, written differently; another row has it already)",
    ]
    (one,) = json.loads(batch("matches", opened, "--json").stdout)["keys"]
    assert (one["key"], one["proposals"][0]["key"]) == ("0-000-00013", "000000013")
    result = batch("match", opened, "0-000-00013", "000000099", "--as", "staff")
    assert "Matched 1 row with the item code “0-000-00013” with product 000000099." in result.stdout
    assert batch("matches", opened).stdout == "Batch 00000001 has no unknown codes.\n"
    result = batch("unmatch", opened, "0-000-00013", "--as", "staff")
    assert "It is no longer remembered." in result.stdout
    result = batch("match", opened, "0-000-00013", "none", "--as", "staff")
    assert (result.exit_code, "There is no product" in result.stderr) == (1, True)


def test_new_products_are_made_by_a_command(batch: Run, opened: str) -> None:
    result = batch("new-records", opened, "--as", "staff", "--json")
    assert json.loads(result.stdout)["new_batch"] == 2
    assert "ROLL" in batch("rows", "2").stdout
    refused = batch("new-records", opened, "--as", "staff")
    assert (refused.exit_code, "made of these rows already" in refused.stderr) == (1, True)
    other = batch("new-records", "2", "--as", "staff")
    assert (other.exit_code, "are not matched with records" in other.stderr) == (1, True)


def test_who_may_not_edit_matches_nothing(batch: Run, opened: str) -> None:
    result = batch("match", opened, "000000014", "000000099", "--as", "auditor")
    assert (result.exit_code, "the role of auditor does not allow that" in result.stderr) == (1, True)


def test_who_may_not_edit_products_matches_the_rows_alone(batch: Run, opened: str, catalogue: Engine) -> None:
    take_permissions(catalogue, "products:edit")
    batch("set", opened, 4, "item_code", "0-000-00013", "--as", "staff")
    result = batch("match", opened, "0-000-00013", "000000099", "--as", "staff")
    assert "It is not remembered, because your role does not allow that." in result.stdout
    refused = batch("match", opened, "000000099", "000000013", "--as", "staff")
    assert (refused.exit_code, "No row has the unknown item code" in refused.stderr) == (1, True)


def test_who_may_not_see_products_is_proposed_none(batch: Run, opened: str, catalogue: Engine) -> None:
    batch("set", opened, 4, "item_code", "0-000-00013", "--as", "staff")
    batch("refresh", opened, "--as", "staff")
    assert "PRETZEL" in batch("matches", opened, "--as", "staff").stdout
    take_permissions(catalogue, "products:view")
    assert batch("matches", opened, "--as", "staff").stdout.splitlines() == [
        "Batch 00000001 has 1 unknown code.",
        "0-000-00013  =ROLL  (row 4)",
        "No records are proposed, because your role does not allow seeing them.",
    ]
