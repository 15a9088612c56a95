"""Views are saved under a name, changed and deleted by their owners, and shared by those who may."""

from __future__ import annotations

from threading import Thread
from typing import Any

from sqlalchemy import select
from tests.batches.harness import wait_until_blocked

from batchbook.db.functions import lock_name
from batchbook.db.transactions import transaction_scope
from batchbook.master.models import GridSetting, SavedView

from .cakes import ALL, MasterHarness, form_of, rows_of, words
from .view_menu import CHEAP, form_with, menu, press, query_of, save, title


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


def arrange(page: Any, *shown: str, **places: str) -> Any:
    """Show these columns of a list alone."""
    form = form_of(page, "shown")
    for box in form.fields["shown"]:
        box.checked = box._value in shown
    for name, place in places.items():
        form[f"place.{name}"] = place
    return form.submit("do", value="apply", status=303).follow()


def columns_of(page: Any) -> list[str]:
    return [head["data-field"] for head in page.html.select("#grid thead th[data-field]")]


def test_a_view_has_columns_of_its_own_which_replace_nobodys(cakes: MasterHarness) -> None:
    sam, boss = cakes.visitor("sam"), cakes.visitor("boss", *ALL, "views:share")
    own = columns_of(boss.get("/cakes"))
    arrange(boss.get(CHEAP), "name", "price", price="1")
    save(boss.get(CHEAP), "Cheap", default="1")
    form_of(boss.get("/cakes?view=default"), "shown").submit("do", value="reset")
    assert columns_of(boss.get("/cakes?view=default")) == columns_of(sam.get("/cakes?view=default")) == own
    page = sam.get("/cakes?view=default").click("Cheap")
    assert (title(page), columns_of(page)) == ("Cheap", ["price", "name"])
    style = next(link["href"] for link in page.html.select("link") if "/layout?" in link["href"])
    sheet = sam.get(style).text
    assert ("Price" in sheet, "Code" in sheet) == (True, False)
    # What is arranged in it is remembered with it, for the person alone; it is told, and can be saved.
    page = arrange(page, "name", "price", "vegan")
    assert (title(page), columns_of(page)) == ("Cheap changed", ["price", "name", "vegan"])
    assert columns_of(sam.get("/cakes?view=default")) == own
    page = boss.get("/cakes").click("Cheap")
    assert columns_of(page) == ["price", "name"]
    page = press(arrange(page, "vegan", "name"), "view-save")
    assert (title(page), columns_of(page)) == ("Cheap", ["name", "vegan"])
    page = sam.get("/cakes?view=default").click("Cheap")
    assert (title(page), columns_of(page)) == ("Cheap", ["name", "vegan"])
    press(boss.get("/cakes").click("Cheap"), "view-delete")
    assert cakes.all(select(GridSetting.grid).where(GridSetting.grid.startswith("layout."))) == []


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
