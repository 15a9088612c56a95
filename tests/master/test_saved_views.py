"""Views are saved under a name, shown by links that hold their whole state, and shared by those who may."""

from __future__ import annotations

import logging
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select
from tests.batches.harness import wait_until_blocked
from webtest import TestApp

from batchbook.db.functions import lock_name
from batchbook.db.transactions import transaction_scope
from batchbook.master.models import SavedView
from batchbook.security.models import Role, User

from .cakes import ALL, MasterHarness, rows_of, words

CHEAP = "/cakes?f.price.less=6&sort=-price"


def query_of(page: Any) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(page.request.path_qs).query, keep_blank_values=True)


def form_with(page: Any, button: str) -> Any:
    return next(form for form in page.forms.values() if f'value="{button}"' in form.text)


def save(page: Any, name: str, **fields: str) -> Any:
    return press(page, "view-new", name=name, **fields)


def press(page: Any, button: str, status: int = 303, **fields: str) -> Any:
    form = form_with(page, button)
    for field, value in fields.items():
        form[field] = value
    answer = form.submit("do", value=button, status=status)
    return answer.follow() if status == 303 else answer


def menu(page: Any) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.html.select(".views-list > li")]


def title(page: Any) -> str:
    return str(page.html.select_one(".views > summary").get_text(" ", strip=True))


def role_of(harness: MasterHarness, user: str) -> str:
    with transaction_scope(harness.engine, read_only=True) as session:
        return str(session.scalars(select(Role.id).where(Role.name == f"role-{user}")).one())


def test_a_view_is_saved_shown_changed_renamed_and_deleted(cakes: MasterHarness) -> None:
    sam, kim = cakes.visitor("sam"), cakes.visitor("kim")
    page = save(sam.get(CHEAP + "&page=1&size=20"), " Cheap   cakes ")
    assert query_of(page) == [("f.price.less", "6"), ("sort", "-price"), ("size", "20"), ("saved", "1")]
    assert (title(page), rows_of(page)) == ("Cheap cakes", ["Carrot cake", "Brownie"])
    assert "Saved the view “Cheap cakes”." in words(page)
    assert menu(kim.get("/cakes")) == []
    assert title(kim.get(page.request.path_qs)) == "Views"
    page = sam.get("/cakes?view=default").click("Cheap cakes").click("Price")
    assert title(page) == "Cheap cakes changed"
    assert query_of(page)[-1] == ("saved", "1")
    page = press(page, "view-save")
    assert title(page) == "Cheap cakes"
    assert rows_of(page) == ["Brownie", "Carrot cake"]
    page = press(page, "view-edit", name="Cheap")
    assert (title(page), menu(page)) == ("Cheap", ["Cheap"])
    page = press(page, "view-delete")
    assert (title(page), menu(page), rows_of(page)) == ("Views", [], ["Brownie", "Carrot cake"])
    assert cakes.all(select(SavedView.id)) == []


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


def test_sharing_needs_the_permission_and_others_views_stay_as_they_are(cakes: MasterHarness) -> None:
    boss, sam = cakes.visitor("boss", *ALL, "views:share"), cakes.visitor("sam", *ALL)
    page = save(sam.get(CHEAP), "Cheap")
    form = form_with(page, "view-edit")
    assert "role" not in form.fields
    mine = [(name, value) for name, value in form.submit_fields() if name != "do"]
    for more in (("default", "1"), ("role", "1")):
        sam.post(form.action, [*mine, more, ("do", "view-edit")], status=403)
    save(boss.get("/cakes?q=pie"), "Pies", default="1")
    others = [(name, "2" if name == "saved" else value) for name, value in mine]
    for action in ("view-edit", "view-save", "view-delete"):
        assert "belongs to boss" in words(sam.post(form.action, [*others, ("do", action)], status=403))
    hidden = [(name, "3" if name == "saved" else value) for name, value in mine]
    sam.post(form.action, [*hidden, ("do", "view-delete")], status=404)
    assert sorted(cakes.all(select(SavedView.saved_by, SavedView.name))) == [
        ("boss", "Pies"),
        ("sam", "Cheap"),
    ]


def test_bad_names_and_stale_forms_are_refused(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    page = save(sam.get(CHEAP), "Cheap")
    for name in ("", " ", "x" * 81, "a\x00"):
        press(page, "view-new", 400, name=name)
    assert "already" in words(press(page, "view-new", 409, name="Cheap"))
    press(page, "view-edit", name="Cheaper")
    assert "meanwhile" in words(press(page, "view-edit", 409, name="Cheapest"))
    assert cakes.all(select(SavedView.name)) == [("Cheaper",)]


def test_of_two_who_change_views_at_once_the_later_one_is_told(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    page = save(sam.get(CHEAP), "Cheap")
    edit, new = form_with(page, "view-edit"), form_with(page, "view-new")
    edit["name"], new["name"] = "Cheaper", "Pies"
    answers: list[Any] = []

    def press_both() -> None:
        for form, button in ((edit, "view-edit"), (new, "view-new")):
            answers.append(form.submit("do", value=button, status=409))

    with transaction_scope(cakes.engine) as other:
        lock_name(other, "saved_view.cakes")
        view = other.scalars(select(SavedView)).one()
        view.name, view.version = "Cheapest", view.version + 1
        other.add(SavedView(grid="cakes", saved_by="sam", name="Pies", settings={}))
        other.flush()
        thread = Thread(target=press_both)
        thread.start()
        if cakes.engine.dialect.name == "postgresql":
            wait_until_blocked(cakes.engine, answers)
        assert not answers
    thread.join()
    assert "Somebody has changed the view “Cheapest” meanwhile. Nothing was changed." in words(answers[0])
    assert "There is a view called “Pies” already. Choose another name" in words(answers[1])


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
