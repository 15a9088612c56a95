"""What the pages withstand: posts to what is frozen, posts without a token, strangers, addresses of nothing, hostile words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from webtest import TestApp, Upload

from .addresses import Address, Addresses
from .world import OWN, PATH, Shop, form_with, json_post, number_in, post, text_of, token_of, upload, url_of

#: Where a post to an executed batch is no change of it: a clone is another batch, and everybody's view is one's own.
NO_CHANGE = ("clone", "rows")

PEOPLE = ("staff", "admin", "auditor")


@pytest.fixture
def addresses(app: Any, shop: Shop) -> Addresses:
    return Addresses(app, shop)


FIELDS = {
    "version": "1",
    "field": "new_price",
    "value": "1.00",
    "new_price": "1.00",
    "item_code": "000000011",
    "apply": "increase",
    "overwrite": "yes",
    "count": "8",
    "text": "000000011",
    "description": "changed",
}


# --- What is frozen --------------------------------------------------------------------------------------------------


def test_no_post_changes_an_executed_batch_and_each_is_told_why(
    shop: Shop, admin: TestApp, addresses: Addresses, executed_batch: int
) -> None:
    attacks = [a for a in addresses.of_batches("POST") if a.route.rpartition(".")[2] not in NO_CHANGE]
    assert len(attacks) > 10
    before = shop.dump()
    fields = FIELDS | {"csrf_token": token_of(admin), "version": str(shop.batch(executed_batch).version)}
    for address in attacks:
        answer = admin.post(addresses.url(address, executed_batch), fields, status="*")
        assert answer.status_int == 409, address
        assert re.search(r"frozen|executed by admin", text_of(answer)), address
        assert shop.dump() == before, address


def test_what_may_be_posted_to_an_executed_batch_leaves_it_as_it_is(
    shop: Shop, admin: TestApp, addresses: Addresses, executed_batch: int
) -> None:
    before = shop.dump(without=("sqlite_sequence", *OWN))
    for name in NO_CHANGE:
        post(admin, url_of(executed_batch, name), 303)
    after = shop.dump(without=before.keys() ^ set(shop.tables))
    assert {table for table, rows in before.items() if not set(rows) <= set(after[table])} == set()
    assert shop.batches() == 2


def test_looking_changes_nothing_at_all(
    shop: Shop, client_of: Callable[[str], TestApp], addresses: Addresses, executed_batch: int
) -> None:
    browsers = [client_of(name) for name in PEOPLE]
    open_batch = number_in(upload(browsers[0], "item_code,description,size,price\n000000011,RYE,,2.10\n"))
    before = shop.dump()
    for browser in browsers:
        for address in addresses.with_method("GET"):
            for number in (executed_batch, open_batch) if "{" in address.pattern else (executed_batch,):
                browser.get(addresses.url(address, number, number=str(number)), status="*")
                browser.head(addresses.url(address, number, number=str(number)), status="*")
    assert shop.dump() == before


# --- Forms from elsewhere, and strangers -----------------------------------------------------------------------------


def test_a_post_without_the_token_is_refused_wherever_it_goes(
    shop: Shop, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    before = shop.dump()
    # Whether the batch's state allows it is asked before the form is looked at.
    impossible = ("populate", "reopen", "execute")
    for wrong in ({}, {"csrf_token": ""}, {"csrf_token": "0" * 64}):
        for address in addresses.with_method("POST"):
            answer = admin.post(addresses.url(address, open_batch), FIELDS | wrong, status="*")
            right = 409 if address.route.rpartition(".")[2] in impossible else 400
            assert answer.status_int == right, address
    assert shop.dump() == before


def test_a_token_in_the_address_does_not_count(shop: Shop, admin: TestApp, open_batch: int) -> None:
    admin.post(f"{url_of(open_batch, 'complete')}?csrf_token={token_of(admin)}", status=400)
    assert shop.batch(open_batch).state == "open"


def test_a_form_from_another_site_is_refused_even_with_a_token(
    shop: Shop, admin: TestApp, open_batch: int
) -> None:
    headers = {"Origin": "https://evil.example"}
    admin.post(url_of(open_batch, "complete"), {"csrf_token": "0" * 64}, headers=headers, status=400)
    assert shop.batch(open_batch).state == "open"


def test_strangers_are_led_to_the_sign_in_page_or_refused(
    shop: Shop, client: TestApp, addresses: Addresses, open_batch: int
) -> None:
    token = form_with(client.get("/login"), "password")["csrf_token"].value
    before = shop.dump()
    for address in addresses.all:
        if address.route in ("login", "logout"):
            continue
        url = addresses.url(address, open_batch)
        if address.method == "GET":
            answer = client.get(url, status=303)
            assert re.match(r"(http://localhost(:80)?)?/login\?next=", answer.headers["Location"]), address
            client.get(url, headers={"Accept": "application/json"}, status=403)
        else:
            client.post(url, FIELDS | {"csrf_token": token}, status=403)
    assert shop.dump() == before


def test_the_sign_in_page_leads_back_to_where_one_wanted_to_go_and_nowhere_else(
    shop: Shop, client: TestApp, open_batch: int
) -> None:
    form = form_with(client.get(f"{url_of(open_batch)}?page=1", status=303).follow(), "password")
    form["name"], form["password"] = "staff", "correct horse battery"
    assert form.submit(status=303).headers["Location"].endswith(f"{url_of(open_batch)}?page=1")
    for elsewhere in ("https://evil.example/", "//evil.example/", "\\\\evil.example", "javascript:alert(1)"):
        answer = client.get("/login", {"next": elsewhere}, status=303)
        assert answer.headers["Location"] in ("/", "http://localhost/", "http://localhost:80/"), elsewhere


# --- Addresses of nothing --------------------------------------------------------------------------------------------

NO_NUMBERS = ("0", "999999999", "99999999999999999999", "-1", "abc", "٣", "%00")


def test_an_address_of_nothing_is_not_found(
    shop: Shop, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    fields = FIELDS | {"csrf_token": token_of(admin)}
    before = shop.dump()
    for address in addresses.all:
        if address.has_record:
            for number in NO_NUMBERS:
                _not_found(admin, address, addresses.url(address, open_batch, id=number), fields)
    assert shop.dump() == before


def test_a_row_a_file_and_a_format_that_are_not_there_are_not_found(
    shop: Shop, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    fields = FIELDS | {"csrf_token": token_of(admin)}
    wrong = {
        "{sequence": {"sequence": ("0", "9", "999999999", "9999999999", "x", "%00")},
        "/files/{number": {"number": ("0", "2", "999999999", "x")},
        "{format}": {"format": ("pdf", "CSV", "", "csv.exe", "%00", "../x")},
    }
    tried = 0
    for address in addresses.all:
        for part, values in wrong.items():
            for name, texts in values.items() if part in address.pattern else ():
                for word in texts:
                    _not_found(admin, address, addresses.url(address, open_batch, **{name: word}), fields)
                    tried += 1
    assert tried > 50


def _not_found(browser: TestApp, address: Address, url: str, fields: dict[str, str]) -> None:
    answer = (
        browser.get(url, status="*") if address.method == "GET" else browser.post(url, fields, status="*")
    )
    assert answer.status_int == 404, f"{address.method} {url}"
    assert answer.html.select(".error-id"), f"{address.method} {url}"


def test_another_method_than_the_view_has_is_not_answered(
    shop: Shop, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    methods: dict[str, set[str]] = {}
    examples = {}
    for address in addresses.all:
        url = addresses.url(address, open_batch)
        methods.setdefault(url, set()).add(address.method)
        examples[url] = address
    headers = {"X-CSRF-Token": token_of(admin)}
    before = shop.dump()
    for url, known in methods.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
            answer = admin.request(url, method=method, headers=headers, status="*")
            assert answer.status_int in (404, 405), f"{method} {examples[url]}"
    assert shop.dump() == before


# --- Hostile addresses -----------------------------------------------------------------------------------------------

QUERIES = (
    "page=-1", "page=0", "page=99999999999999999999", "page=x", "page=", "size=7", "size=-50", "size=1e9", "sort=",
    "sort=nope", "sort=--number", "sort=-", "sort=id%3BDROP", "view=%00", "view=", "f.=1", "f..=1", "f.x=1",
    "f.nope.equal=1", "f.sequence.nope=1", "f.item_code.equal=%00", "f.item_code.contains=%25_%5C%27%22%3B--",
    "f.description.contains=%00", "f.description.equal=" + "x" * 5000, "f.new_price.greater=NaN",
    "f.new_price.greater=Infinity", "f.new_price.less=-1e400", "f.new_price.equal=" + "9" * 400,
    "f.new_price.between=1", "f.new_price.between=&f.new_price.between=", "f.sequence.equal=99999999999999999999",
    "f.sequence.greater=-99999999999999999999", "f.row_count.equal=%D9%A3", "f.created_at.on=0001-01-01",
    "f.created_at.before=9999-12-31", "f.created_at.after=9999-12-31", "f.created_at.on=2025-02-30",
    "f.created_by.is_me=", "f.created_by.is_me=x", "f.status.any_of=" + "&f.status.any_of=increase" * 300,
    "f.status.equal=nope", "f.over_limit.is_true=banana", "f.state.equal=%F0%9F%92%A9", "f.number.contains=%ED%A0%80",
    "%00=%00", "a=%ff", "%ff", "=&=&&", "before=-1", "before=99999999999999", "before=%00", "next=//evil.example",
    "f.price.greater=1" + "0" * 30, "f.on_hand.equal=2147483648", "f.version.equal=9223372036854775808",
)  # fmt: skip


def test_a_hostile_query_is_answered_with_a_page(
    shop: Shop, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    grids = ("view", "export_rows", "remove_rows", "history")
    asked = [
        *(address for address in addresses.with_method("GET") if address.route.endswith(".index")),
        *(address for address in addresses.of_batches("GET") if address.route.endswith(grids)),
    ]
    assert len(asked) > 10
    found = {
        f"{addresses.url(address, open_batch)}?{query}"[:120]: _status(
            admin, f"{addresses.url(address, open_batch)}?{query}"
        )
        for address in asked
        for query in QUERIES
    }
    # Removing by a filter that makes no sense is refused, as nobody can know what it would have shown; and bytes that
    # are no text, and NUL, which no database takes, are no query.
    assert {url: status for url, status in found.items() if status not in (200, 400)} == {}
    refused = {url for url, status in found.items() if status == 400}
    assert {url for url in refused if not re.search("/rows/remove[?]|%00|%ff|%ED", url)} == set()


def _status(browser: TestApp, url: str) -> int:
    return int(browser.get(url, status="*").status_int)


def test_fields_of_every_kind_and_size_never_break_a_page(
    shop: Shop, admin: TestApp, addresses: Addresses, open_batch: int, request: pytest.FixtureRequest
) -> None:
    """Texts where files are expected, files where texts are, NUL, long texts, half a pair of surrogates."""
    token = token_of(admin)
    names = [*FIELDS, "percent", "warn_above", "notes", "vendor_code", "name", "label", "password", "price", "do",
             "query", "column.0", "verb.0", "value.0", "permissions", "roles", "session", "present", "new", "again",
             "seen", "email", "code", "on_hand", "form_key"]  # fmt: skip
    bodies: list[dict[str, Any]] = [
        dict.fromkeys(names, "\x00"),
        dict.fromkeys(names, "x" * 3_000),
        dict.fromkeys(names, "\uff19" * 12),
        dict.fromkeys(names, "99999999999999999999"),
        dict.fromkeys(names, "\u202e\ufeff💥\r\n\t"),
        {name: Upload(f"{name}.bin", b"\x00\xff") for name in names},
        {"file": "a text, no file", **dict.fromkeys(names, "")},
        {
            "file": Upload("list.csv", b"item_code,description,size,price\n1,2,3,4\n"),
            **dict.fromkeys(names, "\x00"),
        },
    ]
    asked = [address for address in addresses.with_method("POST") if not _acts_at_once(address.route)]
    assert _broken(admin, [addresses.url(address, open_batch) for address in asked], bodies, token) == []
    # An execution's options are read only where it can be executed.
    complete_batch = request.getfixturevalue("complete_batch")
    assert _broken(admin, [url_of(complete_batch, "execute")], bodies, token) == []


def _acts_at_once(route: str) -> bool:
    """Whether a post reads no field, or would end the visit."""
    ending = ("logout", "login", "account.sessions", "users.sign_out", "users.password")
    return route in ending or route.endswith((".delete", ".complete", ".deactivate", ".clone", ".reopen"))


def _broken(browser: TestApp, urls: list[str], bodies: list[dict[str, Any]], token: str) -> list[str]:
    return [
        f"{url} with {next(iter(body.values()))!r:.40}"
        for body in bodies
        for url in urls
        if browser.post(url, body | {"csrf_token": token}, status="*").status_int >= 500
    ]


# --- Headers, and the error pages ------------------------------------------------------------------------------------


def test_every_kind_of_answer_has_the_headers_that_protect(
    shop: Shop, admin: TestApp, client: TestApp, staff: TestApp, open_batch: int
) -> None:
    css = client.get("/login").html.find("link", rel="stylesheet")["href"]
    answers = {
        "sign-in page": client.get("/login"),
        "to the sign-in page": client.get("/", status=303),
        "style sheet": client.get(css),
        "page": staff.get(url_of(open_batch)),
        "redirect": post(staff, url_of(open_batch, "refresh")),
        "bad request": staff.post(url_of(open_batch, "refresh"), status=400),
        "forbidden": staff.get("/users", status=403),
        "not found": staff.get("/nothing", status=404),
        "not found on disk": client.get(f"{css}x", status=404),
        "conflict": post(staff, url_of(open_batch, "reopen"), 409),
        "unprocessable": post(staff, url_of(open_batch, "rows", 1, "edit"), 422, new_price="x", version="1"),
        "download": staff.get(url_of(open_batch, "files", 1)),
        "csv": staff.get(url_of(open_batch, "rows.csv")),
        "xlsx": staff.get(url_of(open_batch, "rows.xlsx")),
    }
    for kind, answer in answers.items():
        headers = answer.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"], kind
        assert "unsafe" not in headers["Content-Security-Policy"], kind
        assert headers["X-Content-Type-Options"] == "nosniff", kind
        assert headers["X-Frame-Options"] == "DENY", kind
        assert headers["Referrer-Policy"] == "same-origin", kind
        assert headers["Cache-Control"] == "no-store" or kind == "style sheet", kind


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_nobody_foresaw_is_one_page_with_a_number_and_nothing_inside(
    shop: Shop, staff: TestApp, open_batch: int, accept: str
) -> None:
    with shop.engine.begin() as connection:
        connection.execute(text("ALTER TABLE cell_change RENAME TO elsewhere"))
    answer = staff.get(url_of(open_batch, "history"), headers={"Accept": accept}, status=500)
    assert "cell_change" not in answer.text
    assert "Traceback" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    if accept == "application/json":
        assert set(answer.json) == {"error", "status", "request_id"}
        assert answer.json["status"] == 500
    else:
        assert "Something went wrong" in text_of(answer)
        assert re.search(r"Request [0-9a-f]{8,}", text_of(answer))


def test_scripts_get_their_refusals_as_json(shop: Shop, staff: TestApp, executed_batch: int) -> None:
    answer = json_post(staff, url_of(executed_batch, "rows", 1, "cell"), 409, FIELDS)
    assert answer["status"] == 409
    assert "frozen" in answer["error"]
    assert json_post(staff, url_of(999, "rows", 1, "cell"), 404, FIELDS)["status"] == 404


# --- Hostile words ---------------------------------------------------------------------------------------------------

HOSTILE = """<script>alert("1")</script>'"><img src=x onerror=alert(2)>{{7*7}}<!--"""


def test_hostile_words_in_a_list_are_shown_as_words_everywhere(
    shop: Shop, staff: TestApp, admin: TestApp, addresses: Addresses
) -> None:
    quoted = HOSTILE.replace('"', '""')
    data = f'item_code,description,size,price\n"<b>""\'x</b>","{quoted}","{quoted[:40]}","<i>1</i>"\n000000011,R,,2.10\n'
    header = {"description": HOSTILE, "notes": HOSTILE}
    number = number_in(upload(staff, data, "<img src=x onerror=alert(3)>.csv", **header))
    cell = url_of(number, "rows", 2, "cell")
    answer = json_post(staff, cell, 200, {"field": "item_code", "value": "</td><script>", "version": "1"})
    assert "</td><script>" not in answer["row_html"]
    assert "&lt;script&gt;" in answer["row_html"]
    wrong = json_post(staff, cell, 422, {"field": "new_price", "value": "<script>", "version": "2"})
    assert "error" in wrong
    for _, page in _pages(admin, addresses, number):
        _assert_nothing_runs(page)
    assert HOSTILE in staff.get(url_of(number)).html.h1.get_text()
    assert HOSTILE in staff.get(url_of(number, "rows", 1)).html.get_text()
    shown = form_with(staff.get(f"{url_of(number)}?f.description.contains=%3Cscript%3E"), "query")
    assert shown.fields["value.0"][0].value == "<script>"


def test_hostile_words_typed_into_forms_come_back_as_words(
    shop: Shop, staff: TestApp, open_batch: int
) -> None:
    for url in (
        url_of(open_batch, "rows", 1, "edit"),
        url_of(open_batch, "rows", "new"),
        url_of(open_batch, "edit"),
    ):
        version = shop.batch(open_batch).version if "/rows/" not in url else 1
        fields = {
            "version": version,
            "new_price": HOSTILE,
            "item_code": HOSTILE,
            "warn_above": HOSTILE,
            "description": HOSTILE,
        }
        _assert_nothing_runs(post(staff, url, 422, **fields))
    for query in (f"f.{HOSTILE}.equal=1", f"f.item_code.equal={HOSTILE}", f"sort={HOSTILE}"):
        _assert_nothing_runs(staff.get(url_of(open_batch), dict([query.split("=", 1)])))
    _assert_nothing_runs(staff.get("/login", {"next": HOSTILE}, status="*"))


def test_a_formula_in_a_list_is_exported_as_words(shop: Shop, staff: TestApp) -> None:
    data = 'item_code,description,size,price\n1,=HYPERLINK("x"),@a,1.00\n'
    number = number_in(upload(staff, data))
    lines = staff.get(url_of(number, "rows.csv")).body.decode("utf-8-sig").splitlines()
    assert "'=HYPERLINK" in lines[1]
    assert "'@a" in lines[1]


def _pages(browser: TestApp, addresses: Addresses, number: int) -> Iterator[tuple[Address, Any]]:
    for address in addresses.with_method("GET"):
        page = browser.get(addresses.url(address, number), status="*")
        if page.content_type == "text/html" and page.status_int == 200:
            yield address, page


def _assert_nothing_runs(page: Any) -> None:
    url = page.request.url
    if page.content_type != "text/html":
        return
    assert not page.html.select("script:not([src]), style, [style], iframe, object, embed, base"), url
    for element in page.html.find_all(True):
        assert not [name for name in element.attrs if name.lower().startswith("on")], f"{url}: {element}"
        for name in ("href", "src", "action", "formaction"):
            address = str(element.attrs.get(name, ""))
            assert not re.match(r"\s*(javascript|data|vbscript):", address, re.IGNORECASE), (
                f"{url}: {element}"
            )
    assert not page.html.select('img[src="x"], b:-soup-contains("\'x"), main i'), url


def test_every_page_is_free_of_code_in_its_html(
    shop: Shop, admin: TestApp, addresses: Addresses, executed_batch: int
) -> None:
    seen = [
        address.route
        for address, page in _pages(admin, addresses, executed_batch)
        if not _assert_nothing_runs(page)
    ]
    assert len(seen) > 20
    assert f"{PATH}" in admin.get("/batches").text
