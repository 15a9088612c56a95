"""What a person last chose for a grid is kept once, and a posted filter form is read as a link."""

from __future__ import annotations

from sqlalchemy import Engine, func, select
from webob.multidict import MultiDict

from batchbook.db.transactions import transaction_scope
from batchbook.master.grid_settings import forget, is_reset, query_from_form, recall, remember
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


def test_a_form_is_read_as_the_query_of_a_link() -> None:
    form = MultiDict(
        [
            ("query", "f.old.equal=1&q=rye+bread&sort=-price&page=3&size=20&saved=7"),
            ("do", "remove-1"),
            ("group.0", "2"), ("column.0", "price"), ("verb.0", "between"), ("value.0", ""), ("value.0", "5"),
            ("column.1", "name"), ("verb.1", "equal"), ("value.1", "gone"),
            ("group.2", "x"), ("column.2", "vegan"), ("verb.2", "is_true"), ("value.2", "left over"),
            ("group.3", "1"), ("column.3", ""), ("verb.3", "equal"), ("value.3", "no column"),
        ]
    )  # fmt: skip
    assert query_from_form(form) == [
        ("f2.price.between", ""),
        ("f2.price.between", "5"),
        ("f.vegan.is_true", ""),
        ("q", "rye bread"),
        ("sort", "-price"),
        ("size", "20"),
        ("saved", "7"),
    ]
    assert is_reset({"do": "reset"})
    assert not is_reset(form)
