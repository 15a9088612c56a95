"""The commands that purge executed batches and hold them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select
from tests.cli.batches.conftest import completed, executed, opened

from batchbook.batches.models import Batch
from batchbook.batches.retention.models import RetentionPolicy, Tombstone
from batchbook.batches.retention.purge import Due
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope

__all__ = ["completed", "executed", "opened"]

Run = Callable[..., Any]


@pytest.fixture
def policies(catalogue: Engine) -> None:
    """Everything may be purged as soon as it is executed."""
    with transaction_scope(catalogue) as session:
        session.add_all(
            [RetentionPolicy(type="price_change", days=0), RetentionPolicy(type="import", days=0)]
        )


def test_purge_deletes_what_is_due_with_tables_of_its_own_and_leaves_the_rest(
    batchbook: Run, batch: Run, catalogue: Engine, policies: None, price_list: Any, executed: str
) -> None:
    create = ("create", "import", "--set", "target=product", "--file", price_list, "--as", "staff")
    imported = batch(*create)
    assert imported.exit_code == 0, imported.stderr
    number = imported.stdout.strip()
    assert batch("remove-row", number, 5, "--as", "staff").exit_code == 0
    assert batch("complete", number, "--as", "staff").exit_code == 0
    done = batch("execute", number, "--as", "admin", "--confirm", "all")
    assert done.exit_code == 0, done.stderr
    rows = f"row_{int(number)}"
    assert rows in inspect(catalogue).get_table_names()
    tried = json.loads(batchbook("purge", "--dry-run", "--as", "admin", "--json").stdout)
    assert tried == {"purged": [int(executed), int(number)], "dry_run": True, "idle": []}
    with transaction_scope(catalogue, read_only=True) as session:
        assert len(session.scalars(select(Batch.id)).all()) == 2
    assert (
        json.loads(batchbook("purge", "--before", "2020-01-01", "--as", "admin", "--json").stdout)["purged"]
        == []
    )
    only = batchbook("purge", "--type", "import", "--as", "admin")
    assert "1 batch purged." in only.stdout
    assert rows not in inspect(catalogue).get_table_names()
    assert "1 batch purged." in batchbook("purge", "--as", "admin").stdout
    with transaction_scope(catalogue, read_only=True) as session:
        assert session.scalars(select(Batch.id)).all() == []
        stones = session.execute(select(Tombstone.number, Tombstone.purged_by, Tombstone.acted_by)).all()
    assert [tuple(stone) for stone in sorted(stones)] == [
        (int(executed), "admin", "command"),
        (int(number), "admin", "command"),
    ]
    again = batch("create", "price_change", "--file", price_list, "--set", "vendor_code=V1", "--as", "staff")
    assert int(again.stdout) > int(number), "The number of a purged batch is never used again."


def test_a_hold_keeps_a_batch_until_it_is_released(
    batchbook: Run, catalogue: Engine, policies: None, executed: str
) -> None:
    held = batchbook("hold", executed, "--reason", "Lawsuit", "--as", "admin")
    assert held.stdout == f"Batch {int(executed):08d} is under a legal hold.\n"
    assert "0 batches purged." in batchbook("purge", "--as", "admin").stdout
    assert batchbook("hold", executed, "--reason", "Again", "--as", "admin").exit_code == 1
    assert batchbook("hold", executed, "--reason", "Settled", "--release", "--as", "admin").exit_code == 0
    assert "1 batch purged." in batchbook("purge", "--as", "admin").stdout


def test_a_batch_that_is_held_meanwhile_stays_and_the_others_are_purged(
    batchbook: Run, catalogue: Engine, policies: None, executed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Due(int(executed), "price_change", utc_now(), utc_now(), 1)
    # The first was there when the command looked; it is gone, as if somebody else had purged it.
    both = [replace(found, number=int(executed) + 1), found]
    with monkeypatch.context() as patched:
        patched.setattr("batchbook.cli.retention.due_batches", lambda *_: both)
        done = batchbook("purge", "--as", "admin", "--json")
    assert json.loads(done.stdout)["purged"] == [int(executed)]
    assert f"There is no batch {int(executed) + 1:08d}" in done.stderr


def test_staff_neither_purge_nor_hold(batchbook: Run, policies: None, executed: str) -> None:
    for arguments in (("purge",), ("hold", executed, "--reason", "x")):
        refused = batchbook(*arguments, "--as", "staff")
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "The role of staff does not permit" in refused.stderr
