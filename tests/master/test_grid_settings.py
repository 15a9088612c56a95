"""What a person last chose for a grid is kept once."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from batchbook.db.transactions import transaction_scope
from batchbook.master.grid_settings import forget, recall, remember
from batchbook.master.models import GridSetting


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
