"""A master view describes one kind of record by data, from which its grid, pages and buttons follow."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from batchbook import master
from batchbook.grid import Column, Kind
from batchbook.master import Page
from batchbook.master.view import fact_columns, key_columns

from .cakes import BakerView, Cake, CakeView, MasterHarness, configure


def test_a_row_is_known_by_its_key_and_by_what_stands_in_addresses() -> None:
    by_code = type("ByCode", (CakeView,), {"lookup": "code"})
    assert key_columns(CakeView) == (Cake.id,)
    assert key_columns(by_code) == (Cake.id, Cake.code)


def test_a_record_shows_what_the_model_has_of_the_grid_and_the_form() -> None:
    assert [column.name for column in fact_columns(BakerView)] == ["name", "town"]
    weight = Column("weight", "Weight", Cake.price, Kind.DECIMAL)
    own = type("Own", (CakeView,), {"facts_fields": (), "grid_columns": ("name", weight, "price")})
    assert [column.name for column in fact_columns(own)] == ["name", "price", "code", "vegan", "notes"]


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
