"""Addresses of nothing are not found, and what an address does not do is not done."""

from __future__ import annotations

from webtest import TestApp

from .addresses import FIELDS, Address, Addresses
from .harness import CatalogueDatabase, token_of

NO_NUMBERS = ("0", "999999999", "99999999999999999999", "-1", "abc", "٣", "%00")


def test_an_address_of_nothing_is_not_found(
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    fields = FIELDS | {"csrf_token": token_of(admin)}
    before = catalogue.dump()
    for address in addresses.all:
        if address.has_record:
            for number in NO_NUMBERS:
                _not_found(admin, address, addresses.url(address, open_batch, id=number), fields)
    assert catalogue.dump() == before


def test_a_row_a_file_and_a_format_that_are_not_there_are_not_found(
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, open_batch: int
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
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, open_batch: int
) -> None:
    methods: dict[str, set[str]] = {}
    examples = {}
    for address in addresses.all:
        url = addresses.url(address, open_batch)
        methods.setdefault(url, set()).add(address.method)
        examples[url] = address
    headers = {"X-CSRF-Token": token_of(admin)}
    before = catalogue.dump()
    for url, known in methods.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
            answer = admin.request(url, method=method, headers=headers, status="*")
            assert answer.status_int in (404, 405), f"{method} {examples[url]}"
    assert catalogue.dump() == before
