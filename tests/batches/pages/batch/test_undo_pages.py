"""Undo and redo by the buttons of pages, and by scripts."""

from __future__ import annotations

from typing import Any

from tests.functional.harness import form_to, json_post, token_of, url_of
from webtest import TestApp

JSON = {"Accept": "application/json"}


def edit(person: TestApp, batch: int, row: int, field: str, value: str, version: int = 1) -> Any:
    fields = {"field": field, "value": value, "version": str(version)}
    return json_post(person, url_of(batch, "rows", row, "cell"), 200, fields)


def send(person: TestApp, batch: int, *path: object, status: int = 200) -> Any:
    headers = JSON | {"X-CSRF-Token": token_of(person)}
    return person.post(url_of(batch, *path), {}, headers=headers, status=status).json


def test_buttons_say_what_they_undo_and_redo(staff: TestApp, admin: TestApp, open_batch: int) -> None:
    page = staff.get(url_of(open_batch))
    assert not page.html.select("form[action$='/undo'], form[action$='/redo']")
    edit(staff, open_batch, 1, "new_price", "2.30")
    edit(staff, open_batch, 2, "item_code", "000000014")
    page = staff.get(url_of(open_batch))
    assert "Undo: Changed Item code in row 2" in page
    page = form_to(page, "/undo").submit(status=303).follow()
    assert "Undid: Changed Item code in row 2." in page
    assert "Undo: Changed New price in row 1" in page
    assert "Redo: Changed Item code in row 2" in page
    # What one person did is not next in line for another one, who may undo it all the same.
    page = admin.get(url_of(open_batch, "history"))
    assert not page.html.select(f"form[action='{url_of(open_batch, 'undo')}']")
    page = form_to(page, "/history/3/undo").submit(status=303).follow()
    assert "Undid: Changed New price in row 1." in page
    assert "undone by admin" in page
    page = form_to(staff.get(url_of(open_batch)), "/redo").submit(status=303).follow()
    assert "Redid: Changed Item code in row 2." in page


def test_scripts_get_what_changed_and_what_was_left_alone(
    staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    for path in ("undo", "redo"):
        assert "There is nothing to" in send(staff, open_batch, path, status=409)["error"]
    edit(staff, open_batch, 1, "new_price", "2.30")
    edit(staff, open_batch, 2, "new_price", "3.30")
    edit(admin, open_batch, 2, "new_price", "3.40", 2)
    body = send(staff, open_batch, "undo")
    assert body["message"] == "Undid: Changed New price in row 1."
    assert (body["undone"], body["left"], body["skipped"], body["keys"]) == (1, 0, [], [1])
    assert body["version"] == str(body["operation"])
    body = send(staff, open_batch, "redo")
    assert (body["message"], body["keys"]) == ("Redid: Changed New price in row 1.", [1])
    refusal = send(staff, open_batch, "history", 4, "undo", status=409)["error"]
    assert refusal == "Nothing was changed. New price in row 2 was changed by admin since."
    page = staff.post(
        url_of(open_batch, "history", 4, "undo"), {"csrf_token": token_of(staff)}, status=303
    ).follow()
    assert refusal in page
    send(staff, open_batch, "history", 99, "undo", status=404)


def test_an_operation_of_the_history_is_undone_in_part_once_that_is_confirmed(
    staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    form = form_to(staff.get(url_of(open_batch, "rows", 1)), "/edit")
    form["item_code"], form["new_price"] = "000000013", "2.30"
    form.submit(status=303)
    edit(admin, open_batch, 1, "new_price", "2.40", 2)
    page = form_to(staff.get(url_of(open_batch, "history")), "/history/3/undo").submit(status=409)
    assert "1 cell would go back to what was there before, 1 cell would be left alone." in page
    assert "New price in row 1 was changed by admin since." in page
    page = form_to(page, "/history/3/undo").submit(status=303).follow()
    assert "Undid: Changed Item code, New price in row 1. 1 cell was left alone." in page
    assert send(staff, open_batch, "redo")["undone"] == 1


def test_who_may_not_edit_sees_no_buttons(auditor: TestApp, staff: TestApp, complete_batch: int) -> None:
    assert "is marked complete" in send(staff, complete_batch, "undo", status=409)["error"]
    send(auditor, complete_batch, "undo", status=403)
    assert not staff.get(url_of(complete_batch, "history")).html.select("form[action$='/undo']")
