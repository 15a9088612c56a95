"""A grid is printed whole: all rows of its filters, with a heading for each sheet, and nothing to click in it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batchbook.master import printing

from .cakes import Cake, MasterHarness, words


@pytest.fixture
def many(harness: MasterHarness) -> MasterHarness:
    harness.add(*(Cake(code=f"C{n:03}", name=f"Cake {n}", price=Decimal(n)) for n in range(130)))
    return harness


def test_all_rows_are_printed_with_a_heading(many: MasterHarness) -> None:
    sam = many.visitor("sam")
    page = sam.get("/cakes?sort=-code&page=2").click("^Print$")
    names = [cell.text for cell in page.html.select(".print-table tbody th")]
    assert (len(names), names[0], names[-1]) == (130, "Cake 129", "Cake 0")
    head = page.html.select_one(".print-table thead .print-head").text
    assert head.startswith("Cakes 130 rows, as of ")
    assert not page.html.select(".print-table :is(a, button, input)")
    assert page.html.find("a", string="Back")["href"] == "/cakes?sort=-code"


def test_the_filters_are_printed_in_words(many: MasterHarness) -> None:
    page = (
        many.visitor("sam")
        .get("/cakes?f.name.contains=7&f.price.between=70&f.price.between=79")
        .click("^Print$")
    )
    assert len(page.html.select(".print-table tbody tr")) == 10
    assert "10 rows where Name contains 7; Price is between 70 and 79, as of" in words(page)


def test_too_many_rows_and_broken_filters_are_refused(
    many: MasterHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = many.visitor("sam")
    page = sam.get("/cakes/export.print?f.price.between=x", status=400)
    assert "Nothing is printed" in words(page)
    monkeypatch.setattr(printing, "MOST_PRINTED", 129)
    page = sam.get("/cakes/export.print?view=default", status=413)
    assert "These are 130 rows, and at most 129 can be printed at once. Filter them first" in words(page)


def test_only_who_may_export_prints(many: MasterHarness) -> None:
    kim = many.visitor("kim", "cakes:view")
    assert not kim.get("/cakes").html.find("a", string="Print")
    kim.get("/cakes/export.print", status=403)
