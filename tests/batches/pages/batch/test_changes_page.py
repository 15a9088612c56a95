"""The grid over all changed cells of a batch, and the ways to it."""

from __future__ import annotations

import pytest
from tests.functional.harness import (
    CatalogueDatabase,
    column_of,
    json_post,
    result_count,
    text_of,
    url_of,
)
from webtest import TestApp

from batchbook.batches.pages.rows import row


@pytest.fixture
def edited(open_batch: int, staff: TestApp, admin: TestApp) -> int:
    """A batch in which staff changed row 1 twice, and an administrator row 2."""
    edits = ((staff, 1, 1, "2.5", ""), (staff, 1, 2, "2.6", ""), (admin, 2, 1, "9", ""))
    for who, sequence, version, price, _ in edits:
        fields = {"field": "new_price", "value": price, "version": str(version)}
        json_post(who, url_of(open_batch, "rows", sequence, "cell"), 200, fields)
    return open_batch


def test_all_changed_cells_are_listed_and_found(
    catalogue: CatalogueDatabase, edited: int, staff: TestApp, auditor: TestApp
) -> None:
    page = staff.get(url_of(edited, "history")).click("All changed cells")
    assert column_of(page, "After") == ["9.00", "2.60", "2.50"]
    assert column_of(page, "Field") == ["New price"] * 3
    assert all(len(text) == len("2026-01-01 00:00:00") for text in column_of(page, "Changed"))
    assert page.click("^2$", index=0).request.path == url_of(edited, "rows", 2)
    found = {
        "f.sequence.equal=1": 2,
        "f.actor.is_me=": 2,
        "f.actor.equal=admin": 1,
        "f.field.equal=new_price&f.old.equal=2.50": 1,
        "f.field.equal=item_code": 0,
    }
    assert {query: result_count(staff.get(url_of(edited, f"changes?{query}"))) for query in found} == found
    auditor.get(url_of(edited, "changes"), status=403)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_row_with_many_changes_leads_to_all_of_them(
    catalogue: CatalogueDatabase, edited: int, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "These are the latest" not in text_of(staff.get(url_of(edited, "rows", 1)))
    monkeypatch.setattr(row, "CHANGES_SHOWN", 1)
    page = staff.get(url_of(edited, "rows", 1))
    assert "These are the latest 1." in text_of(page)
    assert result_count(page.click("All changes to this row")) == 2


@pytest.mark.parametrize("backend", ["sqlite"])
def test_filters_of_changes_are_remembered_for_the_batch(
    catalogue: CatalogueDatabase, edited: int, staff: TestApp
) -> None:
    page = staff.get(url_of(edited, "changes"))
    form = next(form for form in page.forms.values() if form.action.endswith("/changes/view"))
    form["column.0"], form["verb.0"] = "sequence", "equal"
    form.set("value.0", "2", 0)
    assert result_count(form.submit("do", value="apply", status=303).follow()) == 1
    assert result_count(staff.get(url_of(edited, "changes"))) == 1


def test_cells_that_differ_from_the_file_are_marked_listed_once_and_exported(
    catalogue: CatalogueDatabase, edited: int, staff: TestApp
) -> None:
    first = column_of(staff.get(url_of(edited, "changes?f.sequence.equal=2")), "Before")[0]
    fields = {"field": "new_price", "value": first, "version": "2"}
    json_post(staff, url_of(edited, "rows", 2, "cell"), 200, fields)  # Row 2 is as in the file again.
    page = staff.get(url_of(edited))
    marked = page.html.select(".cell-differs")
    assert [(cell["title"], cell["data-before"]) for cell in marked] == [
        ("In the file: “2.20”. Here: “2.60”.", "2.20")
    ]
    page = page.click("Cells that differ from the file")
    assert (column_of(page, "From source"), column_of(page, "After")) == (["2.20"], ["2.60"])
    exported = page.click("CSV")
    assert [line.split(",")[2:7] for line in exported.text.splitlines()[1:]] == [
        ["1", "New price", "2.20", "2.50", "2.60"]
    ]
    assert result_count(staff.get(url_of(edited, "changes?f.differs.is_false="))) == 3
