"""Hostile addresses and fields: every one is answered with a page, none breaks one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from webtest import TestApp, Upload

from .addresses import FIELDS, Addresses
from .harness import CatalogueDatabase, token_of, url_of

QUERIES = (
    "page=-1", "page=0", "page=99999999999999999999", "page=x", "page=", "size=7", "size=-50", "size=1e9", "sort=",
    "sort=nope", "sort=--number", "sort=-", "sort=id%3BDROP", "view=%00", "view=", "f.=1", "f..=1", "f.x=1",
    "f.nope.equal=1", "f0.sequence.equal=1", "f99.sequence.equal=1&f98.sequence.less=x", "f100.sequence.equal=1",
    "q=%00", "q=%ED%A0%80", "q=" + "x" * 5000, "q=%25_%2F%5C", "q=%00&q=a", "saved=9999999999999", "saved=-1", "saved=%00",
    "f.changed_after.greater=99999999999", "f.changed_after.equal=1", "f.edited.is_true=x&f.differs.is_false=", "sort=edited",
    "f.sequence.nope=1", "f.item_code.equal=%00", "f.item_code.contains=%25_%5C%27%22%3B--",
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
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    grids = ("view", "export_rows", ".worksheet", "remove_rows", "history")
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
    # Removing and exporting by a filter that makes no sense is refused, as nobody can know what it would have shown; and
    # bytes that are no text, and NUL, which no database takes, are no query.
    assert {url: status for url, status in found.items() if status not in (200, 400)} == {}
    refused = {url for url, status in found.items() if status == 400}
    assert {
        url
        for url in refused
        if not re.search(r"/rows/remove[?]|/(rows\.csv|worksheet\.xlsx)[?]|%00|%ff|%ED", url)
    } == set()


def _status(browser: TestApp, url: str) -> int:
    return int(browser.get(url, status="*").status_int)


def test_fields_of_every_kind_and_size_never_break_a_page(
    catalogue: CatalogueDatabase,
    admin: TestApp,
    addresses: Addresses,
    open_batch: int,
    request: pytest.FixtureRequest,
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
