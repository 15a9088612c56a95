"""Staff look at what is wrong in a batch, and put it right: all that is wrong alike at once, or where they see it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, event, update
from tests.functional.harness import (
    OWN,
    CatalogueDatabase,
    column_of,
    form_to,
    form_with,
    json_post,
    number_in,
    post,
    result_count,
    text_of,
    token_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.batches import issue
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow

#: Two rows with one price that cannot be read, one with another, one that is right.
LIST = (
    "item_code,description,size,price\n"
    "000000011,RYE BREAD,500 G,cheap\n000000012,WHEAT BREAD,500 G,cheap\n"
    "000000013,PRETZEL,80 G,<b>dear</b>\n000000021,OAT FLAKES,1 KG,4.10\n"
)
CHEAP = {"field": "new_price", "code": "not-a-number", "text": "cheap"}


@pytest.fixture
def number(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    """A batch with three problems."""
    return number_in(upload(staff, LIST))


def fix_url(number: int, **more: str) -> str:
    return f"{url_of(number, 'problems', 'fix')}?{urlencode({**CHEAP, **more})}"


def note(catalogue: CatalogueDatabase, number: int, sequence: int, *issues: Any) -> None:
    row = PriceChangeRow
    with transaction_scope(catalogue.engine) as session:
        found = update(row).where(row.batch_id == number, row.sequence == sequence)
        session.execute(found.values(issues=list(issues)))


def lines(page: Any) -> list[list[str]]:
    rows = page.html.select(".problem-table tbody tr")
    return [[" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")[:4]] for row in rows]


def test_problems_are_listed_and_their_rows_shown(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    page = staff.get(url_of(number))
    problems = page.click("3 rows have problems")
    assert "3 problems in 3 rows" in text_of(problems, ".page-lead")
    cheap, dear = lines(problems)
    assert (cheap[:2], cheap[3]) == (["New price", "cheap"], "2 rows")
    assert cheap[2].startswith("✕ Error “cheap” is not a number")
    assert (dear[1], dear[3]) == ("<b>dear</b>", "1 row")
    assert column_of(problems.click("2 rows"), "Row") == ["1", "2"]
    assert column_of(problems.click("Show rows"), "Row") == ["1", "2", "3"]
    assert column_of(staff.get(f"{url_of(number)}?f.problems.is_false="), "Row") == ["4"]


def test_one_correction_for_all_that_are_wrong_alike(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    problems = staff.get(url_of(number, "problems"))
    form = next(f for f in problems.forms.values() if "with" in f.fields and f["text"].value == "cheap")
    form["with"] = "1.99"
    before = catalogue.dump(without=OWN)
    preview = form.submit()
    assert "New price becomes 1.99 in 2 rows" in text_of(preview)
    assert "1 cheap 1.99 000000011 RYE BREAD" in text_of(preview)
    assert catalogue.dump(without=OWN) == before
    done = form_with(preview, "seen").submit(status=303).follow()
    assert "Changed 2 cells in 2 rows." in text_of(done)
    assert [line[1] for line in lines(done)] == ["<b>dear</b>"]
    assert [str(catalogue.row(number, n).new_price) for n in (1, 2)] == ["1.99", "1.99"]
    assert "“cheap” is now “1.99”" in text_of(staff.get(url_of(number, "history")))
    form_with(staff.get(fix_url(number, text="<b>dear</b>", **{"with": "3"})), "seen").submit(status=303)
    assert "No problems" in text_of(staff.get(url_of(number, "problems")))
    assert staff.get(url_of(number)).html.select_one("#problem-count").has_attr("hidden")


def test_what_cannot_be_read_is_said_and_nothing_is_changed(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    before = catalogue.dump(without=OWN)
    page = staff.get(fix_url(number, **{"with": "a few"}))
    assert "“a few” is not a number" in text_of(page)
    assert not [form for form in page.forms.values() if "seen" in form.fields]
    fields = {"csrf_token": token_of(staff), "seen": "2-3-2"}
    page = staff.post(fix_url(number, **{"with": "a few"}), fields, status=422)
    assert "“a few” is not a number" in text_of(page)
    for url, status in (
        (url_of(number, "problems", "fix"), 400),
        (fix_url(number), 400),
        (fix_url(number, field="old_price", **{"with": "1"}), 400),
        (fix_url(number, text="cheaper", **{"with": "1"}), 409),
    ):
        staff.post(url, fields, status=status)
    staff.post(fix_url(number, **{"with": "1"}), fields | {"seen": "all"}, status=400)
    assert "Nothing to fix" in text_of(staff.get(fix_url(number, text="cheaper")))
    assert catalogue.dump(without=OWN) == before


def test_cells_that_changed_meanwhile_are_not_changed_by_the_fix(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    preview = staff.get(fix_url(number, **{"with": "1.99"}))
    fields = {"field": "new_price", "value": "2.50", "version": "1"}
    answer = json_post(staff, url_of(number, "rows", 2, "cell"), 200, fields)
    assert "2 rows have problems" in answer["problems_html"]
    refused = form_with(preview, "seen").submit(status=409)
    assert "Nothing was changed: 1 row has such a cell now" in text_of(refused)
    assert catalogue.row(number, 1).new_price is None
    assert str(catalogue.row(number, 2).new_price) == "2.50"


def test_suggestions_are_offered_where_the_problem_is_seen(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    note(catalogue, number, 4, issue("new_price", "odd", "It has doubled.", suggestions=["2.05", "4.00"]))
    (button,) = [
        b for b in staff.get(url_of(number, "problems")).html.select("button[name=with]") if "2.05" in b.text
    ]
    assert button["value"] == "2.05"
    cell = staff.get(url_of(number)).html.select_one("td[data-suggestions]")
    assert json.loads(cell["data-suggestions"]) == ["2.05", "4.00"]
    assert "It has doubled. Perhaps: 2.05, 4.00." in cell.get_text()
    row = staff.get(url_of(number, "rows", 4))
    taken = row.click("2.05")
    form = form_to(taken, "/edit")
    assert form["new_price"].value == "2.05"
    assert str(catalogue.row(number, 4).new_price) == "4.10"
    form.submit(status=303)
    assert (str(catalogue.row(number, 4).new_price), catalogue.row(number, 4).issues) == ("2.05", None)


def test_who_may_only_look_sees_problems_and_no_way_to_fix_them(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, auditor: TestApp, number: int
) -> None:
    post(staff, url_of(number, "complete"))
    assert not staff.get(url_of(number, "problems")).html.select("[name=with]")
    assert "It is marked complete" in text_of(staff.get(fix_url(number), status=409))
    form_to(admin.get(url_of(number)), "/execute").submit(status=303)
    page = auditor.get(url_of(number)).click("3 rows have problems")
    assert len(lines(page)) == 2
    assert not page.html.select("[name=with]")
    assert result_count(page.click("2 rows")) == 2


def test_many_lines_are_on_pages_and_one_kind_can_be_shown_alone(
    catalogue: CatalogueDatabase, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = "".join(f"{n:09d},ITEM {n},1 KG,no {n:03d}\n" for n in range(1, 121))
    number = number_in(upload(staff, f"item_code,description,size,price\n{bad}"))
    note(catalogue, number, 120, issue("size", "odd", "Is it?"))
    page = staff.get(url_of(number, "problems"))
    assert len(lines(page)) == 100
    assert [line[1] for line in lines(page.click("Next"))] == [f"no {n:03d}" for n in range(101, 120)] + [
        "1 KG"
    ]
    assert [line[0] for line in lines(page.click("Odd"))] == ["Size"]
    assert len(lines(staff.get(url_of(number, "problems?code=nothing")))) == 1


def test_the_pages_need_as_many_statements_for_many_problems_as_for_few(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    counts = []
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for rows in (20, 20, 1_200):
            bad = "".join(f"{n:09d},ITEM {n},1 KG,{('cheap', 'dear')[n % 2]}\n" for n in range(rows))
            number = number_in(upload(staff, f"item_code,description,size,price\n{bad}"))
            statements.clear()
            page = staff.get(url_of(number, "problems"))
            assert [line[3] for line in lines(page)] == [f"{rows // 2} rows"] * 2
            assert f"{rows // 2} rows" in text_of(staff.get(fix_url(number, **{"with": "1.99"})))
            counts.append(len(statements))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    # The first of all looks up what an application keeps.
    assert counts[1] == counts[2]
