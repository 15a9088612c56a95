from __future__ import annotations

from sqlalchemy import String, inspect
from sqlalchemy.orm import configure_mappers

from batchbook.accounts.user_references import name_columns
from batchbook.db.transactions import transaction_scope
from batchbook.models import metadata
from batchbook.security.models import User

from .conftest import AccountsHarness


def test_whoever_may_sign_in_fits_where_names_are_kept(harness: AccountsHarness) -> None:
    """In what the models say, and in what the migrations made."""
    configure_mappers()
    longest = User.__table__.c.name.type.length
    with transaction_scope(harness.engine, read_only=True) as db:
        made = {
            (table, column["name"]): column["type"]
            for table in metadata.tables
            for column in inspect(db.connection()).get_columns(table)
        }
    columns = list(name_columns(metadata))
    assert {column.name for column in columns} >= {
        "created_by",
        "executed_by",
        "added_by",
        "actor",
        "changed_by",
    }
    for column in columns:
        stored = made[column.table.name, column.name]
        assert isinstance(stored, String)
        assert stored.length == column.type.length  # type: ignore[attr-defined]
        assert stored.length is None or stored.length >= longest, column
