"""Numbers in a person's own format: staff writes 1.234,56 and an administrator 1,234.56, in the same batch."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from bs4 import BeautifulSoup
from webtest import TestApp

from .harness import CatalogueDatabase, form_to, form_with, json_post, post, text_of, token_of, url_of

COMMA = "1.234,56"


@pytest.fixture
def german(staff: TestApp, open_batch: int) -> TestApp:
    """Staff, who made the batch and writes numbers with a comma from now on."""
    form = form_to(staff.get("/account"), "/account/number-format")
    form["number_format"] = COMMA
    assert "Numbers are now written as 1.234,56." in text_of(form.submit(status=303).follow(), "body")
    return staff


def price_cell(client: TestApp, batch: int, row: int, page: Any = None) -> Any:
    html = (page or client.get(f"{url_of(batch)}?view=default")).html
    return html.select_one(f"tr[data-key='{row}'] > [data-field=new_price]")


def edit(client: TestApp, batch: int, row: int, value: str, status: int = 200, **more: str) -> Any:
    fields = {"field": "new_price", "value": value, "version": "1"} | more
    return json_post(client, url_of(batch, "rows", row, "cell"), status, fields)


def block(client: TestApp, batch: int, texts: list[list[str]], **more: Any) -> Any:
    body = {"rows": {"keys": [*range(1, len(texts) + 1)]}, "columns": ["new_price"], "texts": texts, **more}
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(client)}
    return client.post_json(url_of(batch, "cells"), body, headers=headers).json


def price(catalogue: CatalogueDatabase, batch: int, row: int = 1) -> Decimal:
    found: Decimal = catalogue.row(batch, row).new_price
    return found


def test_two_people_edit_the_same_batch_each_in_their_own_format(
    catalogue: CatalogueDatabase, german: TestApp, admin: TestApp, open_batch: int
) -> None:
    assert price_cell(german, open_batch, 1).text == "2,20"
    assert price_cell(admin, open_batch, 1).text == "2.20"
    grid = german.get(url_of(open_batch)).html.find("row-grid")
    assert (grid["data-decimal-sign"], grid["data-group-sign"]) == (",", ".")

    answer = edit(german, open_batch, 1, "1.234,50", **{"seen.new_price": "2,20"})
    row = BeautifulSoup(f"<table>{answer['row_html']}</table>", "html.parser")
    assert row.select_one("[data-field=new_price]").text == "1.234,50"
    assert row.select_one("[data-field=new_price]")["data-text"] == "1234,50"
    assert price(catalogue, open_batch) == Decimal("1234.50")
    assert price_cell(admin, open_batch, 1).text == "1,234.50"

    # Each is shown both values in their own format.
    edit(admin, open_batch, 1, "3.75", version="2", **{"seen.new_price": "1234.50"})
    conflict = edit(german, open_batch, 1, "2,5", 409, version="2", **{"seen.new_price": "1234,50"})
    assert (conflict["mine"], conflict["theirs"]) == ("2,5", "3,75")
    # The same number written otherwise is no change, and what was seen is compared as a number.
    same = edit(german, open_batch, 1, "3,750", version="1", **{"seen.new_price": "3,75"})
    assert same["changed"] is False
    assert price(catalogue, open_batch) == Decimal("3.75")


def test_what_is_no_number_in_the_format_is_refused_with_its_decimal_sign(
    catalogue: CatalogueDatabase, german: TestApp, open_batch: int
) -> None:
    answer = edit(german, open_batch, 1, "1.5", 422)
    assert answer["error"] == "“1.5” is not a number: use digits, with , as the decimal sign."
    assert "“1,555” has more than 2 digits" in edit(german, open_batch, 1, "1,555", 422)["error"]
    assert "too small: the least is 0" in edit(german, open_batch, 1, "-1,5", 422)["error"]
    assert "such as =1,2*3" in edit(german, open_batch, 1, "=1,2*", 422)["error"]
    assert "with , as the decimal sign" in edit(german, open_batch, 1, "=1.2*3", 422)["error"]
    assert price(catalogue, open_batch) == Decimal("2.20")
    assert edit(german, open_batch, 1, "=1,2*3")["changed"]
    assert price(catalogue, open_batch) == Decimal("3.60")
    assert edit(german, open_batch, 1, "+2,5%", version="2")["changed"]
    assert price(catalogue, open_batch) == Decimal("3.69")
    assert edit(german, open_batch, 1, "1.234", version="3")["changed"]
    assert price(catalogue, open_batch) == Decimal(1234)


def test_blocks_are_typed_and_copied_in_the_format_and_undone(
    catalogue: CatalogueDatabase, german: TestApp, admin: TestApp, open_batch: int
) -> None:
    block(admin, open_batch, [["9.25"]])
    answer = block(
        german,
        open_batch,
        [["1,10"], ["1.000,20"], ["1.5"], ["0,50"]],
        seen={"1": {"new_price": "2,20"}, "2": {"new_price": "8,00"}},
        kind="paste",
    )
    assert (answer["cells"], answer["refused"]) == (1, 1)
    assert "with , as the decimal sign" in answer["refusals"][0]["error"]
    assert answer["conflicts"] == [
        {"key": 1, "field": "new_price", "mine": "1,10", "theirs": "9,25", "before": "2,20"}
    ]
    assert price(catalogue, open_batch, 2) == Decimal("1000.20")
    texts = url_of(open_batch, "rows/texts?columns=new_price&count=2")
    assert german.get(texts).json["texts"] == [["9,25"], ["1000,20"]]
    assert admin.get(texts).json["texts"] == [["9.25"], ["1000.20"]]
    summary = url_of(open_batch, "rows/summary?columns=new_price&count=2")
    assert german.get(summary).json["columns"]["new_price"]["sum"] == "1.009,45"
    find = url_of(open_batch, "rows/find?columns=new_price&text=1.000,2")
    assert german.get(find).json["position"] == 1
    json_post(german, url_of(open_batch, "undo"), 200, {})
    assert price(catalogue, open_batch, 2) == Decimal("8.00")
    history = german.get(url_of(open_batch, "history"))
    assert "1000,20" in text_of(history)
    assert "1000.20" in text_of(admin.get(url_of(open_batch, "history")))
    assert "9,25" in text_of(german.get(url_of(open_batch, "rows", 1, "cells", "new_price", "history")))


def test_forms_of_rows_and_headers_are_filled_in_in_the_format(
    catalogue: CatalogueDatabase, german: TestApp, admin: TestApp, open_batch: int
) -> None:
    form = form_with(german.get(url_of(open_batch, "rows", 1)), "new_price")
    assert form["new_price"].value == "2,20"
    form["new_price"] = "3.5"
    again = form.submit(status=422)
    assert "with , as the decimal sign" in text_of(again)
    form["new_price"] = "3,5"
    assert "3,50" in text_of(form.submit(status=303).follow(), "body")
    assert price(catalogue, open_batch) == Decimal("3.50")

    form = form_with(german.get(url_of(open_batch, "edit")), "warn_above")
    form["warn_above"] = "12,5"
    form.submit(status=303)
    values = {
        client: form_with(client.get(url_of(open_batch, "edit")), "warn_above")["warn_above"].value
        for client in (german, admin)
    }
    assert values[german].replace(",", ".") == values[admin]
    assert Decimal(values[admin]) == Decimal("12.5")

    form = form_with(german.get(url_of(open_batch, "rows", "new")), "new_price")
    form["item_code"], form["new_price"] = "N-1", "1.234,5"
    form.submit(status=303)
    last = catalogue.batch(open_batch).row_count
    assert price(catalogue, open_batch, last) == Decimal("1234.50")


def test_a_filter_is_typed_in_the_format_and_its_link_means_the_same_for_all(
    german: TestApp, admin: TestApp, open_batch: int
) -> None:
    form = form_to(german.get(f"{url_of(open_batch)}?view=default"), url_of(open_batch, "rows"))
    form["column.0"], form["verb.0"] = "new_price", "less"
    form.set("value.0", "2,50", 0)
    link = form.submit("do", value="apply", status=303).location
    assert dict(parse_qsl(urlsplit(link).query))["f.new_price.less"] == "2.50"
    mine, theirs = german.get(link), admin.get(link)
    assert [row["data-key"] for row in mine.html.select("tr[data-key]")] == [
        row["data-key"] for row in theirs.html.select("tr[data-key]")
    ]
    assert "2,50" in mine.html.select_one(".chip").text
    assert "2.50" in theirs.html.select_one(".chip").text
    assert mine.html.select_one("[name='value.0']")["value"] == "2,50"
    # An address with typed values tells their format; without one, it is the canonical one for everybody.
    typed = f"{url_of(open_batch)}?f.new_price.less=2,50&number_format=1.234,56"
    assert admin.get(typed).html.select_one("[name='value.0']")["value"] == "2.50"
    assert "was left out" in text_of(german.get(f"{url_of(open_batch)}?f.new_price.less=2,50"))
    refused = text_of(german.get(f"{url_of(open_batch)}?f.new_price.less=2.5&number_format=1.234,56"))
    assert "“2.5” is not a number: use digits, with , as the decimal sign." in refused
    facet = german.get(url_of(open_batch, f"rows/facet?column=new_price&{urlsplit(link).query}"))
    hidden = {field["name"]: field["value"] for field in facet.html.select(".facet-range input")}
    assert hidden["number_format"] == COMMA


def test_a_column_is_changed_by_numbers_in_the_format(
    catalogue: CatalogueDatabase, german: TestApp, admin: TestApp, open_batch: int
) -> None:
    change = url_of(open_batch, "rows", "change")
    form = form_with(german.get(f"{change}?view=default&do=percent"), "value")
    form["column"], form["value"] = "new_price", "2,5"
    page = form.submit()
    assert "changed by 2,5 %" in text_of(page)
    assert "2,26" in text_of(page)
    assert "2.26" in text_of(admin.get(page.request.url))
    form_with(page, "seen").submit(status=303)
    assert price(catalogue, open_batch) == Decimal("2.26")
    assert "changed by 2.5 %" in text_of(german.get(url_of(open_batch, "history")))

    form = form_with(german.get(f"{change}?view=default&do=percent"), "value")
    form["column"], form["value"] = "new_price", "2.5"
    assert "Write it as 2,5" in text_of(form.submit(status=422))
    url = f"{change}?view=default&preview=1&do=replace&column=new_price&value=2,26&replacement=7,5&typed={COMMA}"
    form_with(german.get(url), "seen").submit(status=303)
    assert price(catalogue, open_batch) == Decimal("7.50")
    url = f"{change}?f.sequence.equal=1&preview=1&do=set&column=new_price&value=1.000,5&typed={COMMA}"
    form_with(german.get(url), "seen").submit(status=303)
    assert price(catalogue, open_batch) == Decimal("1000.50")


def test_a_page_that_is_open_stays_in_its_format(
    catalogue: CatalogueDatabase, german: TestApp, open_batch: int
) -> None:
    new = form_with(german.get(url_of(open_batch, "rows", "new")), "new_price")
    known = form_with(german.get(url_of(open_batch, "rows", 1)), "new_price")
    grid = german.get(url_of(open_batch)).html
    written = grid.select_one("meta[name=csrf-token]")["data-number-format"]
    assert written == COMMA
    post(german, "/account/number-format", number_format="")

    new["item_code"], new["new_price"] = "N-1", "1,234"
    assert "more than 2 digits" in text_of(new.submit(status=422))
    new["new_price"] = "1.234"
    new.submit(status=303)
    assert price(catalogue, open_batch, catalogue.batch(open_batch).row_count) == Decimal(1234)
    known["new_price"] = "1.234,5"
    known.submit(status=303)
    assert price(catalogue, open_batch) == Decimal("1234.50")

    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(german), "X-Number-Format": written}
    body = {"rows": {"keys": [2]}, "columns": ["new_price"], "texts": [["1.500"]]}
    german.post_json(url_of(open_batch, "cells"), body, headers=headers)
    assert price(catalogue, open_batch, 2) == Decimal(1500)
    texts = url_of(open_batch, "rows/texts?columns=new_price&count=2")
    assert german.get(texts, headers=headers).json["texts"] == [["1234,50"], ["1500,00"]]
    assert german.get(texts).json["texts"] == [["1234.50"], ["1500.00"]]


def test_files_stay_canonical(german: TestApp, open_batch: int) -> None:
    export = german.get(f"{url_of(open_batch, 'rows.csv')}?view=default").text
    assert "2.20" in export
    assert "2,20" not in export


def test_the_site_has_a_format_and_people_their_own(
    catalogue: CatalogueDatabase, german: TestApp, admin: TestApp, open_batch: int
) -> None:
    refused = post(german, "/account/number-format", 422, number_format="1_000")
    assert "Your number format was not changed." in text_of(refused)
    assert price_cell(german, open_batch, 1).text == "2,20"
    post(german, "/account/number-format", number_format="")
    assert price_cell(german, open_batch, 1).text == "2.20"
