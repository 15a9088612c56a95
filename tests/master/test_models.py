"""What a person last chose for a grid is kept once, and an entry of a direct edit for good."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from batchbook.db.transactions import transaction_scope
from batchbook.master.grid_view import forget, recall, remember
from batchbook.master.models import DirectEdit, GridSetting


def test_settings_are_kept_by_user_and_grid(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        for user, grid, query in (("ann", "cakes", 1), ("ann", "bakers", 2), ("bob", "cakes", 3)):
            remember(session, user, grid, {"query": query})
        remember(session, "ann", "cakes", {"query": 4})
    with transaction_scope(engine) as session:
        assert session.scalar(select(func.count()).select_from(GridSetting)) == 3
        assert recall(session, "ann", "cakes") == {"query": 4}
        forget(session, "ann", "cakes")
    with transaction_scope(engine, read_only=True) as session:
        assert recall(session, "ann", "cakes") is None
        assert recall(session, "bob", "cakes") == {"query": 3}


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
