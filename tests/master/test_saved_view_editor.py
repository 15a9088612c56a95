"""Views are saved under a name, changed and deleted by their owners, and shared by those who may."""

from __future__ import annotations

from sqlalchemy import select

from batchbook.master.models import SavedView

from .cakes import ALL, MasterHarness, rows_of, words
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
