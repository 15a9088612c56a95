"""Row tables of imports come and go with their batches."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from .conftest import ImportHarness

ROOT = Path(__file__).parents[3]


HEAD = "item_code,description,price\n"


@pytest.mark.parametrize(("column", "before"), [("record_id", "0006"), ("status", "0022")])
def test_row_tables_that_were_there_before_get_the_index(
    harness: ImportHarness, monkeypatch: pytest.MonkeyPatch, column: str, before: str
) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n")
    harness.execute(number)
    harness.upload(f"{HEAD}000000001,Item 1,1.50\n")  # It has no table yet.
    monkeypatch.setenv("BATCHBOOK_DATABASE_URL", harness.database.url.render_as_string(hide_password=False))
    name = f"ix_row_{number}_{column}"
    for step, there in ((command.downgrade, False), (command.upgrade, True)):
        step(Config(ROOT / "alembic.ini"), before if step is command.downgrade else "heads")
        indexes = [index["name"] for index in inspect(harness.database).get_indexes(f"row_{number}")]
        assert (name in indexes) is there


def test_the_row_table_goes_with_the_batch(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n")
    assert f"row_{number}" in inspect(harness.database).get_table_names()
    harness.delete(number)
    assert f"row_{number}" not in inspect(harness.database).get_table_names()
