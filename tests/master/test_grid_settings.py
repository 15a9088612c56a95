"""What a person last chose for a grid is kept once."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from batchbook.db.transactions import transaction_scope
from batchbook.grid import Filter, GridState, Sort, Verb
from batchbook.master.grid_settings import RememberedPage, RememberedState, forget, recall, remember
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


def test_lists_that_share_a_name_have_filters_of_their_own(engine: Engine) -> None:
    cheap = GridState((Filter("price", Verb.LESS, ("5",)),), (Sort("name"),))
    with transaction_scope(engine) as session:
        RememberedState(session, "ann", "rows.cakes", "batch.1").remember(cheap)
        other = RememberedState(session, "ann", "rows.cakes", "batch.2")
        assert RememberedState(session, "ann", "rows.cakes", "batch.1").recall() == cheap.to_json()
        assert other.recall() == {"query": [["sort", "name"]]}
        other.forget()
        assert RememberedState(session, "ann", "rows.cakes", "batch.1").recall() == {
            "query": [["f.price.less", "5"]]
        }
        assert RememberedState(session, None, "rows.cakes").recall() is None


def test_choices_for_the_page_are_remembered_one_by_one(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        RememberedPage(session, "ann", "cakes").remember(
            {"panel": "history", "full_window": "yes", "columns": []}
        )
        RememberedPage(session, "ann", "cakes").remember({"full_window": True})
        RememberedPage(session, None, "cakes").remember({"full_window": True})
        RememberedPage(session, "ann", "cakes").remember({"panel": "\ud800"})
        assert RememberedPage(session, "ann", "cakes").choices == {"panel": "history", "full_window": True}
        assert RememberedPage(session, None, "cakes").choices == {}
