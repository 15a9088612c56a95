"""Records are created, edited and deleted by forms, and two who do so at once lose nothing."""

from __future__ import annotations

from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from .cakes import Baker, Cake, MasterHarness, Sale, Slice, form_of, words

CAKES = select(Cake.code, Cake.name, Cake.price, Cake.version)


@pytest.fixture
def pie(harness: MasterHarness) -> int:
    return harness.add(Cake(code="A1", name="Apple pie", price=Decimal("12.00"), notes="One.\nTwo."))[0]


def test_creates(harness: MasterHarness) -> None:
    sam = harness.visitor("sam")
    form = form_of(sam.get("/cakes").click("New"), "code")
    assert form["price"].value == "1.00"
    form["code"], form["name"], form["price"] = "007", "Żurek <b>", "3.5"
    page = form.submit(status=303).follow()
    assert "Cake 007 was created." in words(page)
    assert "Żurek <b>" in words(page)
    assert harness.all(CAKES) == [("007", "Żurek <b>", Decimal("3.50"), 1)]


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(harness: MasterHarness) -> None:
    form = form_of(harness.visitor("sam").get("/cakes/new"), "code")
    form["code"], form["name"], form["price"] = "", "x" * 200, "cheap"
    page = form.submit(status=422)
    form = form_of(page, "code")
    assert form["price"].value == "cheap"
    assert form["name"].value == "x" * 200
    assert "needs a value" in words(page)
    assert harness.all(CAKES) == []


def test_a_taken_value_is_said_at_its_field(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get("/cakes/new"), "code")
    form["code"], form["name"] = "A1", "Another"
    page = form.submit(status=422)
    assert (
        page.html.find(id="error-code")
        .get_text()
        .endswith("Another record already has this value; choose a different one.")
    )
    assert form_of(page, "code")["name"].value == "Another"
    assert len(harness.all(CAKES)) == 1


def test_a_value_taken_by_an_index_on_an_expression_is_said_too(harness: MasterHarness) -> None:
    harness.add(Baker(name="ann"))
    form = form_of(harness.visitor("sam").get("/bakers/new"), "name")
    form["name"] = "ANN"
    assert form.submit(status=422).html.find(id="error-name")


def test_the_view_may_refuse_a_value(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}/edit"), "code")
    form["name"] = "Poison"
    assert "Nobody eats that." in words(form.submit(status=422))
    assert harness.all(CAKES) == [("A1", "Apple pie", Decimal("12.00"), 1)]


def test_edits_and_counts_the_version(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}").click("Edit"), "code")
    form["name"] = "Apple crumble"
    page = form.submit(status=303).follow()
    assert "Cake A1 was saved." in words(page)
    assert harness.all(CAKES) == [("A1", "Apple crumble", Decimal("12.00"), 2)]


def test_two_edits_of_one_field_lose_neither(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}/edit"), "code")
    harness.change(Cake, pie, name="Apple strudel", price=Decimal("9.00"))
    form["name"] = "Apple crumble"
    page = form.submit(status=409)
    said = words(page)
    assert "Apple crumble" in said
    assert "Apple strudel" in said
    assert "Updated to the saved version: Price." in said
    assert harness.all(CAKES) == [("A1", "Apple strudel", Decimal("9.00"), 2)]
    form = form_of(page, "choose.name")
    assert form["price"].value == "9.00"
    form["choose.name"] = "theirs"
    form.submit(status=303)
    assert harness.all(CAKES) == [("A1", "Apple strudel", Decimal("9.00"), 3)]
    # Nobody has changed a field since the choice was shown, so it can be made again.
    form["choose.name"] = "mine"
    form.submit(status=303)
    assert harness.all(CAKES) == [("A1", "Apple crumble", Decimal("9.00"), 4)]


def test_choosing_ones_own_keeps_what_the_other_changed_elsewhere(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}/edit"), "code")
    harness.change(Cake, pie, name="Apple strudel", price=Decimal("9.00"))
    form["name"] = "Apple crumble"
    form = form_of(form.submit(status=409), "choose.name")
    form.submit(status=303)
    assert harness.all(CAKES) == [("A1", "Apple crumble", Decimal("9.00"), 3)]


def test_a_third_change_while_choosing_is_a_conflict_again(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}/edit"), "code")
    harness.change(Cake, pie, name="Apple strudel")
    form["name"] = "Apple crumble"
    form = form_of(form.submit(status=409), "choose.name")
    harness.change(Cake, pie, name="Apple tart")
    said = words(form.submit(status=409))
    assert "Apple tart" in said
    assert "Apple crumble" in said


def test_edits_of_different_fields_are_both_kept(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}/edit"), "code")
    harness.change(Cake, pie, price=Decimal("9.00"))
    form["name"] = "Apple crumble"
    page = form.submit(status=303).follow()
    assert "Cake A1 was saved. Also changed in the meantime, and kept: Price." in words(page)
    assert harness.all(CAKES) == [("A1", "Apple crumble", Decimal("9.00"), 3)]


def test_what_is_wrong_after_edits_of_different_fields_is_said(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}/edit"), "code")
    harness.change(Cake, pie, price=Decimal("9.00"))
    form["name"] = ""
    page = form.submit(status=422)
    assert "Different fields were changed" in words(page)
    form = form_of(page, "name")
    assert form["price"].value == "9.00"
    form["name"] = "Apple crumble"
    form.submit(status=303)
    assert harness.all(CAKES) == [("A1", "Apple crumble", Decimal("9.00"), 3)]


def test_a_model_without_version_is_compared_by_its_fields(harness: MasterHarness) -> None:
    [ann] = harness.add(Baker(name="Ann", town="Ulm"))
    form = form_of(harness.visitor("sam").get(f"/bakers/{ann}/edit"), "name")
    harness.change(Baker, ann, town="Bonn")
    form["town"] = "Kiel"
    page = form.submit(status=409)
    assert "Bonn" in words(page)
    form_of(page, "choose.town").submit(status=303)
    assert harness.all(select(Baker.town)) == [("Kiel",)]


def test_of_two_at_the_same_moment_one_is_told(harness: MasterHarness, pie: int) -> None:
    forms = [form_of(harness.visitor(name).get(f"/cakes/{pie}/edit"), "code") for name in ("sam", "kim")]
    barrier, answers = Barrier(2), []

    def submit(form: object, name: str) -> None:
        form["name"] = name  # type: ignore[index]
        barrier.wait()
        answers.append(form.submit(status="*").status_int)  # type: ignore[attr-defined]

    threads = [
        Thread(target=submit, args=(form, name)) for form, name in zip(forms, ("Mine", "Yours"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 409]
    assert harness.all(select(Cake.version)) == [(2,)]


@pytest.mark.parametrize("seen", [None, "", "x", "[]", "{}", '{"version": 1}', '{"version": 1, "texts": 3}'])
def test_an_edit_that_does_not_say_what_it_saw_is_refused(
    harness: MasterHarness, pie: int, seen: str | None
) -> None:
    sam = harness.visitor("sam")
    token = form_of(sam.get(f"/cakes/{pie}/edit"), "code")["csrf_token"].value
    fields = {"csrf_token": token, "code": "A1", "name": "Other", "price": "1"} | (
        {} if seen is None else {"seen": seen}
    )
    assert "Nothing was saved" in words(sam.post(f"/cakes/{pie}/edit", fields, status=400))
    assert harness.all(CAKES) == [("A1", "Apple pie", Decimal("12.00"), 1)]


def test_deletes_after_asking(harness: MasterHarness, pie: int) -> None:
    harness.add(Slice(cake_id=pie))
    page = harness.visitor("sam").get(f"/cakes/{pie}").click("Delete")
    assert "Cake A1 will be deleted" in words(page)
    assert len(harness.all(CAKES)) == 1
    page = form_of(page, "seen").submit(status=303).follow()
    assert "Cake A1 was deleted." in words(page)
    assert harness.all(CAKES) == []
    assert harness.all(select(Slice.id)) == []


def test_what_others_refer_to_stays(harness: MasterHarness, pie: int) -> None:
    sam = harness.visitor("sam")
    form = form_of(sam.get(f"/cakes/{pie}/delete"), "seen")
    harness.add(Sale(cake_id=pie), Sale(cake_id=pie))
    page = sam.get(f"/cakes/{pie}/delete")
    sentence = "cake A1 cannot be deleted, because other records refer to it: 2 in cake sale."
    assert sentence in words(page)
    assert not [form for form in page.forms.values() if "seen" in form.fields]
    assert sentence in words(form.submit(status=409))
    assert harness.all(select(Sale.cake_id)) == [(pie,), (pie,)]


def test_what_changed_since_the_question_is_not_deleted(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}/delete"), "seen")
    harness.change(Cake, pie, price=Decimal("9.00"))
    page = form.submit(status=409)
    assert "Someone changed this" in words(page)
    assert "9.00" in words(page)
    assert len(harness.all(CAKES)) == 1


def test_deleting_twice_finds_nothing(harness: MasterHarness, pie: int) -> None:
    form = form_of(harness.visitor("sam").get(f"/cakes/{pie}/delete"), "seen")
    form.submit(status=303)
    form.submit(status=404)


@pytest.mark.parametrize(("may", "path"), [("edit", "/edit"), ("delete", "/delete"), ("create", None)])
def test_posts_need_their_permission_and_token(
    harness: MasterHarness, pie: int, may: str, path: str | None
) -> None:
    url = f"/cakes/{pie}{path}" if path else "/cakes/new"
    sam = harness.visitor("sam")
    form = form_of(sam.get(url), "code" if may != "delete" else "seen")
    fields = dict(form.submit_fields())
    sam.post(url, {**fields, "csrf_token": "guessed"}, status=400)
    kim = harness.visitor("kim", "cakes:view")
    token = form_of(kim.get("/cakes"), "column.0")["csrf_token"].value
    kim.post(url, {**fields, "csrf_token": token}, status=403)
    assert harness.all(CAKES) == [("A1", "Apple pie", Decimal("12.00"), 1)]
