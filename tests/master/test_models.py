"""An entry of a direct edit is kept for good."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from batchbook.db.transactions import transaction_scope
from batchbook.master.models import DirectEdit


def test_a_direct_edit_is_neither_changed_nor_deleted(engine: Engine) -> None:
    entry = DirectEdit(
        record_type="product",
        record_key="1",
        record_label="product 1",
        field="price",
        label="Price",
        old_value="2.00",
        new_value="2.75",
        reason="Counted again",
        changed_by="ann",
    )
    with transaction_scope(engine) as session:
        session.add(entry)
    for statement in ("UPDATE direct_edit SET reason = 'none'", "DELETE FROM direct_edit"):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(DirectEdit.reason)).all() == ["Counted again"]
