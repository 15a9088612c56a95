from __future__ import annotations

import inspect
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError
from sqlalchemy import Engine

from batchbook import master
from batchbook.db.engine import make_engine
from batchbook.grid import Column, Kind, Sort
from batchbook.master import Index, MasterView, Page

from .cakes import Cake, CakeView, MasterHarness, configure


@pytest.fixture
def engine(tmp_path: Any) -> Engine:
    return make_engine(f"sqlite:///{tmp_path / 'harness.sqlite3'}")


def changed(**data: Any) -> type[MasterView]:
    return type("Changed", (CakeView,), data)


def test_is_known_to_the_introspector(engine: Engine) -> None:
    app = configure(engine, CakeView).make_wsgi_app()
    known = app.registry.introspector.get("master views", "cakes")
    assert known["view"] is CakeView
    assert known["pages"] == ["index", "remember", "export", "create", "view", "edit", "delete"]


def test_two_with_one_prefix_conflict(engine: Engine) -> None:
    config = configure(engine)
    config.include(lambda config: config.add_master_view(CakeView))
    config.include(_other)
    with pytest.raises(ConfigurationConflictError):
        config.commit()


def _other(config: Any) -> None:
    config.add_master_view(changed(path="/tarts"))


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
        ({"templates": {"veiw": "cake.jinja2"}}, "templates .*veiw"),
        ({"pages": (*CakeView.pages, Cake)}, "Cake.* no Page"),
        ({"pages": (*CakeView.pages, Index)}, "index"),
    ],
)
def test_what_cannot_work_stops_the_start(engine: Engine, data: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        configure(engine, changed(**data))


def test_permissions_may_come_from_elsewhere(harness: MasterHarness) -> None:
    class Guarded(CakeView):
        @classmethod
        def permission(cls, name: str) -> str:
            return f"batch:cake:{name}"

    app = configure(harness.engine, Guarded).make_wsgi_app()
    application = MasterHarness(harness.engine, app)
    application.visitor("sam", "cakes:view").get("/cakes", status=403)
    application.visitor("kim", "batch:*:view").get("/cakes", status=200)


def test_an_action_may_be_added_and_a_template_replaced(harness: MasterHarness) -> None:
    class Eat(Page):
        name = "eat"
        pattern = "/eat"
        permission = "delete"
        on_record = True
        button = "Eat it"

        def post(self) -> Any:
            self.record.notes = "Eaten."
            return self.done("That was good.", self.view.url("view", self.record))

    class Eaten(CakeView):
        pages = (*CakeView.pages, Eat)

    [pie] = harness.add(Cake(code="A1", name="Apple pie"))
    application = MasterHarness(harness.engine, configure(harness.engine, Eaten).make_wsgi_app())
    page = application.visitor("sam").get(f"/cakes/{pie}")
    form = next(form for form in page.forms.values() if form.action.endswith("/eat"))
    page = form.submit(status=303).follow()
    assert "That was good." in page
    assert "Eaten." in page
    assert "Eat it" not in application.visitor("kim", "cakes:view").get(f"/cakes/{pie}")


@pytest.mark.parametrize("name", master.__all__)
def test_no_class_is_a_god(name: str) -> None:
    found = getattr(master, name)
    if inspect.isclass(found) and not hasattr(found, "__mapper__"):
        methods = [
            method
            for method, value in inspect.getmembers_static(found)
            if (inspect.isfunction(value) or isinstance(value, classmethod | property))
            and method not in _OF_EXCEPTIONS
        ]
        assert (
            len([method for method in methods if not method.startswith("__") or method == "__init__"]) <= 15
        )


_OF_EXCEPTIONS = dir(Exception)
