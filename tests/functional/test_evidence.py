"""Control before an execution and evidence after it, told as stories of staff, an administrator and an auditor."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal
from typing import Any

from tests.conftest import PASSWORD
from webtest import TestApp

from .harness import (
    CatalogueDatabase,
    column_of,
    edit_price,
    form_to,
    form_with,
    number_in,
    post,
    text_of,
    upload,
    url_of,
)

#: All prices rise by more than the half; one is a slip of a decimal point, which somebody corrects.
RISKY = """item_code,description,size,price
000000011,RYE BREAD,500 G,4.20
000000012,WHEAT BREAD,500 G,6.30
000000013,PRETZEL,80 G,51.00
000000021,OAT FLAKES,1 KG,9.00
"""


def set_policy(admin: TestApp, **values: Any) -> str:
    form = form_with(admin.get("/policies/price_change"), "windows")
    for name, value in values.items():
        form[name] = value
    return text_of(form.submit(status=303).follow())


def complete(client: TestApp, number: int) -> Any:
    return form_to(client.get(url_of(number)), "/complete").submit(status=303).follow()


def send_back(admin: TestApp, number: int, reason: str) -> None:
    form = form_with(admin.get(url_of(number, "send-back")), "reason")
    form["reason"] = reason
    form.submit(status=303)


def comment(client: TestApp, number: int, text: str, **fields: str) -> None:
    form = form_to(client.get(url_of(number, "comments")), "/comments/add")
    for name, value in {"text": text, **fields}.items():
        form[name] = value
    form.submit(status=303)


def sign(admin: TestApp, number: int, reason: str = "Price list") -> Any:
    """Execute a batch with a reason, and with the password again when it is asked for; return the last page."""
    form = form_to(admin.get(url_of(number)), "/execute")
    form["reason"] = reason
    page = form.submit(status="*").maybe_follow()
    if any("present" in one.fields for one in page.forms.values()):
        password = form_with(page, "present")
        password["present"] = PASSWORD
        page = password.submit(status=303).follow()
        page = form_to(page, "/execute").submit(status="*").maybe_follow()
    return page


def assert_not_executed(catalogue: CatalogueDatabase, admin: TestApp, number: int) -> None:
    """No form executes the batch, nor does a request that somebody makes up."""
    assert not [one for one in admin.get(url_of(number)).forms.values() if one.action.endswith("/execute")]
    confirm = form_with(admin.get("/account/confirm"), "present")
    confirm["present"] = PASSWORD
    confirm.submit(status=303)
    fields = {"version": str(catalogue.batch(number).version), "reason": "Price list", "apply": "increase"}
    post(admin, url_of(number, "execute"), 409, confirm="all", **fields)
    assert catalogue.batch(number).state == "complete"


def test_staff_correct_what_was_sent_back_and_cannot_decide_themselves(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    set_policy(admin, other_than_editor=True, signature=True, reason=True, approvals="1")
    number = number_in(upload(staff, RISKY, description="Summer prices", vendor_code="V1"))
    edit_price(staff, catalogue, number, 4, "8.00")
    comment(staff, number, "Agreed with the vendor, @admin.", sequence="4", field="new_price")
    before = catalogue.prices()
    tried = form_with(complete(staff, number).click("Dry run"), "version")
    assert "51.00" in text_of(tried.submit(), "#effects")
    assert catalogue.prices() == before

    # Staff neither approve nor execute, nor do they change what is demanded.
    for action in ("approve", "execute", "send-back"):
        post(staff, url_of(number, action), 403, version="1", reason="x")
    staff.get("/policies", status=403)

    send_back(admin, number, "Is the pretzel 51.00?")
    start = text_of(staff.get("/"))
    assert "Summer prices" in start
    assert "Is the pretzel 51.00?" in start
    page = staff.get(url_of(number))
    assert "Is the pretzel 51.00?" in text_of(page)
    edit_price(staff, catalogue, number, 3, "0.51")
    changes = staff.get(url_of(number, "changes"))
    assert column_of(changes, "Before") == ["51.00", "9.00"]
    assert column_of(changes, "After") == ["0.51", "8.00"]
    complete(staff, number)
    assert catalogue.batch(number).state == "complete"
    history = text_of(staff.get(url_of(number, "history")))
    for what in (
        "Is the pretzel 51.00?",
        "51.00",
        "0.51",
        "Commented on New price in row 4",
        "Marked complete",
    ):
        assert what in history, what

    # The next list of the vendor has the same slip, and the correction is offered.
    again = number_in(upload(staff, RISKY, vendor_code="V1"))
    replay = form_to(staff.get(url_of(again)).click("Earlier corrections…"), "/replay")
    assert "Replayed 2 corrections" in text_of(replay.submit(status=303).follow(), ".flashes")
    assert catalogue.row(again, 3).new_price == Decimal("0.51")


def test_an_administrator_finds_what_is_risky_signs_and_undoes_it(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    assert "Signed with the password A reason for the execution" in set_policy(
        admin, other_than_editor=True, signature=True, reason=True, percent_warn="50"
    )
    number = number_in(upload(staff, RISKY, description="Summer prices", vendor_code="V1"))
    complete(staff, number)
    page = admin.get(url_of(number))
    assert "4 rows change the price by more than 20 %" in text_of(page, "#execution")
    assert len(page.click("Show these rows").html.select("tbody tr")) == 4
    # The sum of the changes is above a second limit, so nothing helps.
    set_policy(admin, sum_refuse="40")
    before = catalogue.prices()
    assert "more than 40. That is not allowed here" in text_of(admin.get(url_of(number)), "#execution")
    assert_not_executed(catalogue, admin, number)
    send_back(admin, number, "The pretzel!")
    edit_price(staff, catalogue, number, 3, "0.51")
    complete(staff, number)

    page = admin.get(url_of(number))
    assert "Cells that differ from the file" in text_of(page, "#execution")
    done = sign(admin, number)
    assert catalogue.batch(number).state == "executed", text_of(done)
    assert catalogue.prices()["000000013"] == Decimal("0.51")
    history = text_of(admin.get(url_of(number, "history")))
    assert "Signed: reviewed and approved." in history
    assert "Price list" in history
    post(admin, url_of(number, "rows", 1, "cell"), 409, field="new_price", value="1", version="1")

    # It was wrong all the same: a reverse batch goes the same way, and nobody executes what they made themselves.
    back = number_in(form_to(admin.get(url_of(number)), "/reverse-batch").submit(status=303))
    complete(admin, back)
    assert "so somebody else must execute it" in text_of(admin.get(url_of(back)), "#execution")
    assert_not_executed(catalogue, admin, back)
    set_policy(admin, other_than_editor=False)
    sign(admin, back, "Wrong list")
    assert catalogue.batch(back).state == "executed"
    assert catalogue.prices() == before
    assert f"Reversed by Batch {back:08d}" in text_of(admin.get(f"{url_of(number)}?panel=details"), ".facts")
    entries = text_of(admin.get("/audit-log?f.event.equal=policy+changed"))
    assert "other" in entries


def test_an_auditor_answers_who_what_when_from_what_and_why(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    set_policy(admin, reason=True)
    number = number_in(upload(staff, RISKY, description="Summer prices", vendor_code="V1"))
    edit_price(staff, catalogue, number, 3, "0.51")
    comment(admin, number, "Seen.")
    complete(staff, number)
    sign(admin, number)
    before = catalogue.dump(without=("grid_setting", "web_session"))

    # From the product in two clicks: who, when, from what, and the row and its file.
    product = auditor.get("/products?f.item_code.equal=000000013").click("000000013")
    (change,) = product.html.select("#price-history tbody tr")
    assert all(text in change.get_text(" ") for text in ("0.50", "0.51", "admin", f"{number:08d}"))
    row = text_of(product.click(href="row=").maybe_follow())
    assert "51.00" in row
    assert "staff" in row
    history = text_of(auditor.get(url_of(number, "history")))
    for what in ("Price list", "Created from list.csv", "Executed"):
        assert what in history, what
    assert "Seen." in text_of(auditor.get(url_of(number, "comments")))
    changes = auditor.get(url_of(number, "changes"))
    assert (column_of(changes, "Before"), column_of(changes, "After")) == (["51.00"], ["0.51"])
    assert column_of(auditor.get("/audit/operations?f.actor.equal=staff"), "Kind").count("Edited") == 1
    assert auditor.get(url_of(number, "files", 1)).body == RISKY.encode()

    # The proof, on the page and in a pack.
    seal = auditor.get(url_of(number)).click("Seal and evidence")
    assert "The batch is as it was sealed" in text_of(seal.click("Verify now"))
    pack = zipfile.ZipFile(io.BytesIO(auditor.get(url_of(number)).click("Auditor's pack").body))
    kept = [*map(json.loads, pack.read(f"batch-{number:08d}/cells.cell_change.jsonl").splitlines())]
    assert [(one["field"], one["old"], one["new"]) for one in kept] == [("new_price", "51.00", "0.51")]
    for action in ("execute", "reverse-batch", "reopen", "comments/add"):
        post(auditor, url_of(number, action), 403, text="x", version="1")
    left_out = ("grid_setting", "web_session")
    assert catalogue.dump(without=left_out) == before
