"""Saved views are shown by links that hold their whole state, to those with whom they are shared."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select
from webtest import TestApp

from batchbook.db.transactions import transaction_scope
from batchbook.master.models import SavedView
from batchbook.security.models import Role, User

from .cakes import ALL, MasterHarness, rows_of, words
from .view_menu import CHEAP, menu, press, role_of, save, title


def test_a_view_is_shared_with_a_role_and_is_the_default_of_everybody(
    cakes: MasterHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "batchbook.security")
    boss = cakes.visitor("boss", *ALL, "views:share")
    sam, kim = cakes.visitor("sam", *ALL), cakes.visitor("kim", *ALL)
    save(boss.get("/cakes?q=pie"), "Pies", role=role_of(cakes, "sam"))
    assert menu(sam.get("/cakes")) == ["Pies shared with Role, by boss"]
    assert menu(kim.get("/cakes")) == []
    page = sam.get("/cakes").click("Pies")
    assert rows_of(page) == ["Apple pie"]
    assert "view-edit" not in page.text
    page = save(boss.get("/cakes?f.vegan.is_true="), "Vegan")
    press(page, "view-edit", default="1")
    assert rows_of(kim.get("/cakes")) == ["Apple pie", "Carrot cake"]
    assert title(kim.get("/cakes")) == "Vegan"
    assert len(rows_of(kim.get("/cakes?view=default"))) == 3
    save(boss.get("/cakes?q=brown"), "Brown", default="1")
    assert rows_of(kim.get("/cakes")) == ["Brownie"]
    assert [text for text in menu(boss.get("/cakes")) if "default" in text] == ["Brown default for everyone"]
    press(boss.get("/cakes").click("Brown$"), "view-delete")
    assert len(rows_of(kim.get("/cakes"))) == 3
    log = [record.getMessage().partition(" by ")[0] for record in caplog.records]
    assert log == [
        "view shared: 'Pies'",
        "view shared: 'Vegan'",
        "view shared: 'Brown'",
        "shared view deleted: 'Brown'",
    ]


def test_a_view_of_columns_that_are_gone_is_shown_and_told_of(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    with transaction_scope(cakes.engine) as session:
        settings = {"query": [["f.colour.equal", "red"], ["f.vegan.is_true", ""], ["sort", "colour"]]}
        session.add(SavedView(grid="cakes", saved_by="sam", name="Red", settings=settings))
    page = sam.get("/cakes?view=default").click("Red")
    assert rows_of(page) == ["Apple pie", "Carrot cake"]
    assert "There is no filter “colour.equal” in this grid; it was left out." in words(page)
    assert title(page) == "Red"
    with transaction_scope(cakes.engine) as session:
        session.add(
            SavedView(grid="cakes", saved_by="sam", name="Odd", settings={"query": 7}, is_default=True)
        )
    assert len(rows_of(sam.get("/cakes"))) == 3


def test_the_current_view_is_kept_by_the_filter_form_and_with_what_is_remembered(
    cakes: MasterHarness,
) -> None:
    sam = cakes.visitor("sam")
    page = save(sam.get(CHEAP), "Cheap")
    form = next(form for form in page.forms.values() if "column.0" in form.fields)
    page = form.submit("do", value="apply").follow()
    assert title(page) == title(sam.get("/cakes")) == "Cheap"


def test_a_role_that_is_deleted_leaves_its_views_to_their_owners(cakes: MasterHarness) -> None:
    boss = cakes.visitor("boss", *ALL, "views:share")
    cakes.visitor("sam", *ALL)
    save(boss.get("/cakes?q=pie"), "Pies", role=role_of(cakes, "sam"))
    with transaction_scope(cakes.engine) as session:
        session.delete(session.scalars(select(User).where(User.name == "sam")).one())
        session.flush()
        session.delete(session.scalars(select(Role).where(Role.name == "role-sam")).one())
    assert menu(boss.get("/cakes")) == ["Pies"]


def test_links_are_those_of_the_visible_views_alone(cakes: MasterHarness) -> None:
    sam: TestApp = cakes.visitor("sam")
    save(sam.get(CHEAP), "Cheap")
    assert menu(sam.get("/bakers")) == []
    for text in ("0", "x", "99999999999999", "-1"):
        assert title(sam.get(f"{CHEAP}&saved={text}")) == "Views"
