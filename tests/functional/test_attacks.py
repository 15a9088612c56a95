"""What the pages withstand: posts to what is frozen, posts without a token, and strangers."""

from __future__ import annotations

import re
from collections.abc import Callable

from webtest import TestApp

from .addresses import FIELDS, Addresses
from .harness import OWN, CatalogueDatabase, form_with, number_in, post, text_of, token_of, upload, url_of

#: Where a post to an executed batch is no change of it: a clone and a batch that reverses it are others, and everybody's view
#: is one's own.
NO_CHANGE = ("clone", "rows", "reverse-batch")
#: … and who may see the batch may ask for files of it, and tells how far it was seen.
FILES = ("export_rows", "export_changes", "worksheet", "worksheet_problems", "seen", "comments_seen", "seal")
#: … and has a view of the grid of changed cells, too, opens facets, arranges columns, and is shown to others.
VIEWS = ("changes_layout", "remember_changes", "row_facets", "row_layout", "presence")

PEOPLE = ("staff", "admin", "auditor")


# --- What is frozen --------------------------------------------------------------------------------------------------


def test_no_post_changes_an_executed_batch_and_each_is_told_why(
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, executed_batch: int
) -> None:
    attacks = [
        a
        for a in addresses.of_batches("POST")
        if a.route.rpartition(".")[2] not in (*NO_CHANGE, *FILES, *VIEWS)
    ]
    assert len(attacks) > 10
    before = catalogue.dump()
    fields = FIELDS | {"csrf_token": token_of(admin), "version": str(catalogue.batch(executed_batch).version)}
    for address in attacks:
        answer = admin.post(addresses.url(address, executed_batch), fields, status="*")
        assert answer.status_int == 409, address
        assert re.search(r"frozen|executed by admin", text_of(answer)), address
        assert catalogue.dump() == before, address


def test_what_may_be_posted_to_an_executed_batch_leaves_it_as_it_is(
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, executed_batch: int
) -> None:
    before = catalogue.dump(without=("sqlite_sequence", *OWN))
    for name in NO_CHANGE:
        post(admin, url_of(executed_batch, name), 303)
    after = catalogue.dump(without=before.keys() ^ set(catalogue.tables))
    assert {table for table, rows in before.items() if not set(rows) <= set(after[table])} == set()
    assert catalogue.batches() == 3


def test_looking_changes_nothing_at_all(
    catalogue: CatalogueDatabase,
    client_of: Callable[[str], TestApp],
    addresses: Addresses,
    executed_batch: int,
) -> None:
    browsers = [client_of(name) for name in PEOPLE]
    open_batch = number_in(upload(browsers[0], "item_code,description,size,price\n000000011,RYE,,2.10\n"))
    sessions = ("web_session",)  # They tell when they were used, after a minute.
    before = catalogue.dump(without=sessions)
    for browser in browsers:
        for address in addresses.with_method("GET"):
            for number in (executed_batch, open_batch) if "{" in address.pattern else (executed_batch,):
                browser.get(addresses.url(address, number, number=str(number)), status="*")
                browser.head(addresses.url(address, number, number=str(number)), status="*")
    assert catalogue.dump(without=sessions) == before


# --- Forms from elsewhere, and strangers -----------------------------------------------------------------------------


def test_a_post_without_the_token_is_refused_wherever_it_goes(
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    before = catalogue.dump()
    # Whether the batch's state allows it is asked before the form is looked at.
    unprepared = ("intake", "mapping", "populate")
    incomplete = (
        "reopen",
        "dry-run",
        "dry_run_file",
        "send-back",
        "approve",
        "execute",
        "schedule",
        "unschedule",
    )
    impossible = (*unprepared, *incomplete, "reverse-batch")
    for wrong in ({}, {"csrf_token": ""}, {"csrf_token": "0" * 64}):
        for address in addresses.with_method("POST"):
            answer = admin.post(addresses.url(address, open_batch), FIELDS | wrong, status="*")
            right = 409 if address.route.rpartition(".")[2] in impossible else 400
            assert answer.status_int == right, address
    assert catalogue.dump() == before


def test_a_token_in_the_address_does_not_count(
    catalogue: CatalogueDatabase, admin: TestApp, open_batch: int
) -> None:
    admin.post(f"{url_of(open_batch, 'complete')}?csrf_token={token_of(admin)}", status=400)
    assert catalogue.batch(open_batch).state == "open"


def test_a_form_from_another_site_is_refused_even_with_a_token(
    catalogue: CatalogueDatabase, admin: TestApp, open_batch: int
) -> None:
    headers = {"Origin": "https://evil.example"}
    admin.post(url_of(open_batch, "complete"), {"csrf_token": "0" * 64}, headers=headers, status=400)
    assert catalogue.batch(open_batch).state == "open"


#: What machines ask that watch the processes; it tells nothing of what is in the database.
PROBES = ("health", "ready", "metrics")


def test_strangers_are_led_to_the_sign_in_page_or_refused(
    catalogue: CatalogueDatabase, client: TestApp, addresses: Addresses, open_batch: int
) -> None:
    token = form_with(client.get("/login"), "password")["csrf_token"].value
    before = catalogue.dump()
    for address in addresses.all:
        if address.route in ("login", "logout", *PROBES):
            continue
        url = addresses.url(address, open_batch)
        if address.method == "GET":
            answer = client.get(url, status=303)
            assert re.match(r"(http://localhost(:80)?)?/login\?next=", answer.headers["Location"]), address
            client.get(url, headers={"Accept": "application/json"}, status=403)
        else:
            client.post(url, FIELDS | {"csrf_token": token}, status=403)
    assert catalogue.dump() == before


def test_the_sign_in_page_leads_back_to_where_one_wanted_to_go_and_nowhere_else(
    catalogue: CatalogueDatabase, client: TestApp, open_batch: int
) -> None:
    form = form_with(client.get(f"{url_of(open_batch)}?page=1", status=303).follow(), "password")
    form["name"], form["password"] = "staff", "correct horse battery"
    assert form.submit(status=303).headers["Location"].endswith(f"{url_of(open_batch)}?page=1")
    for elsewhere in ("https://evil.example/", "//evil.example/", "\\\\evil.example", "javascript:alert(1)"):
        answer = client.get("/login", {"next": elsewhere}, status=303)
        assert answer.headers["Location"] in ("/", "http://localhost/", "http://localhost:80/"), elsewhere
