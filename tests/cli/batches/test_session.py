"""The session of a command: what its user may do, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, RolePermission, User

Run = Callable[..., Any]


#: Every command that changes a batch, as its arguments after the number.
CHANGES: dict[str, tuple[object, ...]] = {
    "set": (1, "new_price", "9.99"),
    "edit": ("--set", "notes=mine"),
    "add-row": ("--set", "item_code=000000013", "--set", "new_price=1.00"),
    "remove-row": (1,),
    "restore-row": (1,),
    "remove-rows": ("--status", "increase"),
    "restore-rows": (),
    "populate": (),
    "refresh": (),
    "complete": (),
    "reopen": (),
    "execute": (),
    "delete": (),
}


def test_a_frozen_batch_stays_as_it_is(batch: Run, snapshot: Run, executed: str) -> None:
    before = snapshot()
    for name, arguments in CHANGES.items():
        result = batch(name, executed, *arguments, "--as", "admin")
        assert (name, result.exit_code, result.stdout) == (name, 1, "")
        assert "and is frozen: nothing in it can be changed any more." in result.stderr
        assert result.stderr.count("\n") == 1
        assert snapshot() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_auditor_changes_nothing(batch: Run, snapshot: Run, executed: str) -> None:
    batch("clone", executed, "--as", "staff")
    before = snapshot()
    for name, arguments in {**CHANGES, "clone": ()}.items():
        for number in (1, 2):
            result = batch(name, number, *arguments, "--as", "auditor")
            assert (name, result.exit_code, result.stdout) == (name, 1, "")
            assert result.stderr.startswith(f"Batch {number:08d} was not ")
            assert "the role of auditor does not allow that. Nothing was changed." in result.stderr
    assert snapshot() == before


@pytest.mark.parametrize("name", ["execute", "delete"])
def test_staff_neither_execute_nor_delete(batch: Run, snapshot: Run, completed: str, name: str) -> None:
    before = snapshot()
    result = batch(name, completed, "--as", "staff")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Batch 00000001 was not {name}d: the role of staff does not allow that." in result.stderr
    assert snapshot() == before


def test_an_auditor_creates_nothing(batch: Run, snapshot: Run, price_list: Path) -> None:
    before = snapshot()
    result = batch("create", "price_change", "--file", price_list, "--as", "auditor")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "auditor may not create batches of the type Price change" in result.stderr
    assert snapshot() == before


def test_the_state_refuses_with_what_to_do(batch: Run, snapshot: Run, opened: str) -> None:
    before = snapshot()
    operations = before.pop("operation")
    result = batch("execute", opened, "--as", "admin")
    assert result.stderr == (
        "Batch 00000001 was not executed. It is still open for changes: mark it complete first.\n"
    )
    after = snapshot()
    assert len(after.pop("operation")) == len(operations) + 1  # The refusal.
    assert after == before


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", ["refresh", "show", "list", "types"])
def test_a_user_who_is_not_there(batch: Run, opened: str, name: str) -> None:
    number = () if name in ("list", "types") else (opened,)
    result = batch(name, *number, "--as", "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "There is no user called “nobody”, so nothing was done.\n"


def test_a_user_who_is_switched_off(batch: Run, catalogue: Engine, snapshot: Run, opened: str) -> None:
    with transaction_scope(catalogue) as session:
        session.scalars(select(User).where(User.name == "staff")).one().active = False
    before = snapshot()
    for arguments in (("refresh", opened), ("set", opened, 1, "new_price", "9.99"), ("rows", opened)):
        result = batch(*arguments, "--as", "Staff")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "The user staff is switched off, so nothing was done.\n"
    assert snapshot() == before


def test_what_one_may_not_see_one_cannot_act_upon(
    batch: Run, snapshot: Run, catalogue: Engine, opened: str, price_list: Path
) -> None:
    with transaction_scope(catalogue) as session:
        role = session.scalars(select(Role).where(Role.name == "auditor")).one()
        names = ("create", "edit", "execute", "delete")
        role.permissions.extend(RolePermission(permission=f"batch:*:{name}") for name in names)
    before = snapshot()
    for name, arguments in {**CHANGES, "clone": ()}.items():
        result = batch(name, opened, *arguments, "--as", "auditor")
        assert (name, result.exit_code, result.stdout) == (name, 1, "")
        assert "the role of auditor does not allow that. Nothing was changed." in result.stderr
    result = batch("create", "price_change", "--file", price_list, "--as", "auditor")
    assert "auditor may not create batches of the type Price change" in result.stderr
    assert snapshot() == before


#: Wrong usage, of every command.
MISTAKES: tuple[tuple[str, ...], ...] = (
    *((name, "1", *map(str, rest)) for name, rest in CHANGES.items()),  # Without --as.
    ("create", "price_change", "--set", "percent=1"),
    ("show",),
    ("show", "x1"),
    ("show", "-1"),
    ("show", "٣"),
    ("list", "--state", "frozen"),
    ("rows", "1", "--format", "xml"),
    ("rows", "1", "--format", "csv", "--json"),
    ("download", "1", "--json"),
    ("create", "price_change", "--file", "/no/such/file.csv", "--as", "staff"),
    ("create", "price_change", "--set", "percent", "--as", "staff"),
    ("create", "price_change", "--set", "=1", "--as", "staff"),
    ("create", "price_change", "--set", "percent=1", "--set", "percent=2", "--as", "staff"),
    ("create", "price_change", "--set", "description=a", "--description", "b", "--as", "staff"),
    ("create", "price_change", "--description", "\udcff", "--as", "staff"),
    ("edit", "1", "--as", "staff"),
    ("refresh", "1", "--as", "staff", "--option", "apply=increase"),
    ("delete", "1", "--as", "admin", "--option", "sure=yes"),
    ("execute", "1", "--as", "admin", "--option", "apply"),
    ("explode", "1"),
)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_wrong_usage_is_status_2(batch: Run, snapshot: Run, opened: str) -> None:
    before = snapshot()
    for arguments in MISTAKES:
        result = batch(*arguments)
        assert (arguments, result.exit_code, result.stdout) == (arguments, 2, "")
        assert "Error: " in result.stderr
    assert snapshot() == before
