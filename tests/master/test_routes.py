"""A master view is checked and known when the application starts."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError
from sqlalchemy import Engine

from batchbook.db.engine import make_engine
from batchbook.grid import Column, Kind, Sort
from batchbook.master import PAGES, Index, MasterView

from .cakes import Cake, CakeView, configure


@pytest.fixture
def engine(tmp_path: Any) -> Engine:
    return make_engine(f"sqlite:///{tmp_path / 'harness.sqlite3'}")


def changed(**data: Any) -> type[MasterView]:
    return type("Changed", (CakeView,), data)


def test_is_known_to_the_introspector(engine: Engine) -> None:
    app = configure(engine, CakeView).make_wsgi_app()
    known = app.registry.introspector.get("master views", "cakes")
    assert known["view"] is CakeView
    assert known["pages"] == [page.name for page in PAGES]


@pytest.mark.parametrize("data", [{"path": "/tarts"}, {"prefix": "tarts"}])
def test_two_with_one_prefix_or_one_path_conflict(engine: Engine, data: dict[str, str]) -> None:
    config = configure(engine)
    config.include(lambda config: config.add_master_view(CakeView))

    def other(config: Any) -> None:  # Pyramid includes functions of one name once.
        config.add_master_view(changed(**data))

    config.include(other)
    with pytest.raises(ConfigurationConflictError):
        config.commit()


def test_what_is_no_master_view_is_refused(engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match="takes a subclass of MasterView, and got"):
        configure(engine).add_master_view(Cake)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"title_one": ""}, "title_one"),
        ({"grid_columns": ("name", "colour")}, "colour"),
        ({"form_fields": ("colour",)}, "colour"),
        ({"facts_fields": ("colour",)}, "colour"),
        ({"default_sort": (Sort("colour"),)}, "colour"),
        ({"lookup": "name"}, "not unique"),
        ({"lookup": "colour"}, "colour"),
        ({"grid_columns": ("code", Column("x", "X", Cake.name, Kind.TEXT, link="moon"))}, "moon"),
        ({"model": int}, "not mapped"),
        ({"__init__": lambda self, request: None}, r"Changed.__init__ .* super\(\).__init__\(request\)"),
        (
            {"pages": (type("Own", (Index,), {"__init__": lambda self, context, request: None}),)},
            r"Own.__init__ does not call that of Page",
        ),
        ({"form_feilds": ("name",)}, "Changed, defines form_feilds, which is one letter from form_fields"),
        ({"form_fields": "name"}, "Changed.form_fields must be a tuple of names of fields"),
        ({"default_sort": ("name",)}, "Changed.default_sort must be a tuple of Sort"),
        ({"pages": Index}, "Changed.pages must be a tuple of pages"),
        ({"templates": {"veiw": "cake.jinja2"}}, "templates .*veiw"),
        ({"pages": (*CakeView.pages, Cake)}, "Cake.* not a Page"),
        ({"pages": (*CakeView.pages, Index)}, "index"),
    ],
)
def test_what_cannot_work_stops_the_start(engine: Engine, data: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        configure(engine, changed(**data))
