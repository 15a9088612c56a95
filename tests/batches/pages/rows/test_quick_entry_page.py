"""Quick entry by its form, and scans that scripts send, several in one request and each once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete
from tests.functional.harness import (
    OWN,
    PRICE_LIST,
    CatalogueDatabase,
    form_to,
    number_in,
    post,
    text_of,
    token_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.batches import QuickEntry
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.enqueue import JobRequest, add_job
from batchbook.types.price_change.handler import PriceChangeHandler

ENTRY = QuickEntry(
    label="Scan an item", find=(Product.item_code,), key="item_code", adds="new_price", unknown=True
)


@pytest.fixture(autouse=True)
def scanning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PriceChangeHandler, "quick_entry", ENTRY)


USED = "Nothing was done, because this was sent with the key of something else that was done before. Reload the page, and send it again."


def key(letter: str) -> str:
    return letter * 32


def send(client: TestApp, number: int, *scans: tuple[str, str], status: int = 200) -> Any:
    """Send scans, each a letter for its key and a text, as ``static/js/scan`` does."""
    body = {"scans": [{"key": key(letter), "text": text} for letter, text in scans]}
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(client)}
    answer = client.post_json(url_of(number, "enter"), body, headers=headers, status=status).json
    return answer["answers"] if status == 200 else answer["error"]


def price(catalogue: CatalogueDatabase, number: int, sequence: int) -> str:
    return str(catalogue.row(number, sequence).new_price)


# --- The form ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_scan_adds_a_row_or_says_why_not(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PriceChangeHandler, "quick_entry", None)
    assert "Scan an item" not in text_of(staff.get(url_of(open_batch)))
    page = post(staff, url_of(open_batch, "enter"), 303, text="000000099").follow()
    assert "“000000099” was not found, so no row was added." in text_of(page, ".flashes")
    entry = QuickEntry(label="Scan an item", row_for=lambda _handler, _batch, scan: {"item_code": scan.code})
    monkeypatch.setattr(PriceChangeHandler, "quick_entry", entry)
    form = form_to(staff.get(url_of(open_batch)), "/enter")
    form["text"] = " 000000099 "
    answer = form.submit(status=303)
    assert answer.headers["Location"].endswith("#quick-entry")
    assert "Row 9, new: 000000099 (Invalid)." in text_of(answer.follow(), ".flashes")
    assert catalogue.row(open_batch, 9).item_code == "000000099"
    form.submit(status=409)
    assert catalogue.batch(open_batch).row_count == 9


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_box_is_there_before_there_are_rows(
    catalogue: CatalogueDatabase, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PriceChangeHandler, "populate", lambda _handler, _batch: ())
    empty = number_in(upload(staff, PRICE_LIST, description="Empty", vendor_code="V1"))
    page = staff.get(url_of(empty))
    assert "Scan or type the first code above." in text_of(page)
    form = form_to(page, "/enter")
    form["text"] = "000000013"
    assert "Row 1, new: 1.00 of 000000013" in text_of(form.submit(status=303).follow(), ".flashes")


# --- Scripts -----------------------------------------------------------------------------------------------------------


def test_a_scan_is_entered_once_and_answered_the_same_each_time(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    (first,) = send(staff, open_batch, ("k", "2*77"))
    assert first == {
        "batch": open_batch,
        "message": "Row 9, new: 2.00 of 77 (Not in catalogue)",
        "sequence": 9,
        "operation": first["operation"],
        "is_new": True,
        "severity": "warning",
        "url": url_of(open_batch, "rows", 9),
        "undo_url": url_of(open_batch, "history", first["operation"], "undo"),
    }
    assert send(staff, open_batch, ("k", "2*77")) == [first | {"repeated": True}]
    assert price(catalogue, open_batch, 9) == "2.00"


def test_several_scans_are_operations_of_their_own_in_their_order(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    scans = (("a", "77"), ("b", "4006381333932"), ("c", "2*77"), ("a", "77"), ("d", "000000011"))
    first, wrong, second, again, other = send(staff, open_batch, *scans)
    assert (first["message"], second["message"], other["message"]) == (
        "Row 9, new: 1.00 of 77 (Not in catalogue)",
        "Row 9: 1.00 + 2 = 3.00 of 77 (Not in catalogue)",
        "Row 1: 2.20 + 1 = 3.20 of 000000011",
    )
    assert again == first | {"repeated": True}
    assert wrong == {
        "error": "The check digit of “4006381333932” is wrong: it should end in 1. Scan or type it again; nothing was entered."
    }
    assert [second["operation"], other["operation"]] == [first["operation"] + 1, first["operation"] + 2]
    # Each is undone by itself.
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(staff)}
    assert (
        staff.post_json(second["undo_url"], {}, headers=headers).json["operation"] == other["operation"] + 1
    )
    assert price(catalogue, open_batch, 9) == "1.00"
    # What was refused may be sent again with its key.
    assert send(staff, open_batch, ("b", "78"))[0]["is_new"]


def test_a_key_of_another_batch_is_no_answer(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    send(staff, open_batch, ("k", "77"))
    other = number_in(upload(staff, PRICE_LIST, description="Another", vendor_code="V1"))
    (answer,) = send(staff, other, ("k", "77"))
    assert answer == {"error": USED}
    assert catalogue.batch(other).row_count == 8


def test_a_key_of_another_text_is_no_answer(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    first, second = send(staff, open_batch, ("k", "77"), ("k", "78"))
    assert (first["is_new"], second) == (True, {"error": USED})
    assert send(staff, open_batch, ("k", "77")) == [first | {"repeated": True}]
    assert catalogue.batch(open_batch).row_count == 9


def test_a_text_that_is_none_is_not_found(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    (answer,) = send(staff, open_batch, ("k", "77\ud800"))
    assert "was not found, so no row was added" in answer["error"]
    assert catalogue.batch(open_batch).row_count == 8


def test_a_key_of_a_form_is_none_of_a_scan(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    post(staff, url_of(open_batch, "clone"), 303, form_key=key("k"))
    assert send(staff, open_batch, ("k", "77")) == [{"error": USED}]
    assert catalogue.batch(open_batch).row_count == 8


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scans": []},
        {"scans": "77"},
        {"scans": [{"text": "77"}]},
        {"scans": [{"text": 77, "key": "k"}]},
        {"scans": [{"text": "77", "key": "k", "more": ""}]},
        {"scans": [{"text": "77", "key": "k" * 32}] * 21},
    ],
)
def test_what_is_no_list_of_scans_is_refused_as_a_whole(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, body: Any
) -> None:
    before = catalogue.dump(without=OWN)
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(staff)}
    answer = staff.post_json(url_of(open_batch, "enter"), body, headers=headers, status=400)
    assert answer.json["error"].startswith("The scans that were sent can't be read, so nothing was entered.")
    assert catalogue.dump(without=OWN) == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_batch_that_cannot_be_changed_now_takes_no_scan_at_all(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    request = JobRequest("none", "Batch 00000001", "staff", batch_id=open_batch, exclusive=True)
    with transaction_scope(catalogue.engine) as session:
        add_job(session, request, "refreshed")
    assert "wait until that has ended" in send(staff, open_batch, ("k", "77"), status=409)
    with transaction_scope(catalogue.engine) as session:
        session.execute(delete(Job))
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    assert "reopen it to change it" in send(staff, open_batch, ("k", "77"), status=409)


def test_many_at_once_who_scan_the_same_code_lose_none(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    clients, scans = 4, [(letter, "77") for letter in "abcdefghijklmnopqrst"]
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(staff)}

    def send_all(place: int) -> int:
        # Each client sends five scans of its own, and the first one of all, in requests of their own.
        client = TestApp(staff.app, cookiejar=staff.cookiejar)
        own = [*scans[place * 5 : place * 5 + 5], scans[0]]
        done = 0
        for letter, text in own:
            body = {"scans": [{"key": key(letter), "text": text}]}
            for _ in range(50):
                answer = client.post_json(
                    url_of(open_batch, "enter"), body, headers=headers, expect_errors=True
                )
                if answer.status_int == 200:
                    done += "repeated" not in answer.json["answers"][0]
                    break
        return done

    with ThreadPoolExecutor(clients) as pool:
        assert sum(pool.map(send_all, range(clients))) == len(scans)
    assert price(catalogue, open_batch, 9) == f"{len(scans)}.00"
