"""View models of a batch's page."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from tests.functional.harness import (
    PATH,
    CatalogueDatabase,
    counts_of,
    form_to,
    form_with,
    text_of,
    url_of,
)
from webtest import TestApp

from batchbook.batches.lifecycle import State
from batchbook.batches.models import Batch
from batchbook.batches.pages import view_models
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.views import PriceChangeView


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_panel_says_what_executing_then_does(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    panel = text_of(admin.get(url_of(complete_batch)), "#execution")
    assert "3 products get a new price, effective immediately: 2 go up, 1 goes down." in panel
    assert "1 price stays as it is." in panel
    assert "Left out: 1 not in catalogue, 2 duplicate in list, 1 invalid." in panel


@pytest.mark.parametrize(
    ("state", "by", "points"),
    [
        (State.NEW, None, "todo todo todo"),
        (State.POPULATING, None, "todo todo todo"),
        (State.OPEN, None, "current todo todo"),
        (State.COMPLETE, "ann", "done current todo"),
        (State.EXECUTED, "ann", "done done done"),
    ],
)
def test_the_milestones_of_a_batch(state: State, by: str | None, points: str) -> None:
    batch = Batch(state=state, completed_by=by, executed_by="kim" if state is State.EXECUTED else None)
    found = view_models.milestones(batch)
    assert " ".join(point.state for point in found) == points
    assert [point.hint for point in found if point.label == "Complete"] == ["by ann" if by else ""]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_status_that_the_type_does_not_know_is_counted_as_none(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    with transaction_scope(catalogue.engine) as session:
        session.get_one(Batch, open_batch).status_counts = {"increase": 2, "older": 5, "": 1}
    counts = counts_of(staff.get(url_of(open_batch)))
    assert (counts["Increase"], counts["No status"]) == (2, 6)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_details_leave_out_what_is_empty(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    labels = [label.get_text() for label in staff.get(url_of(open_batch)).html.select(".fact dt")]
    assert "Vendor code" in labels
    assert not {"Description", "Notes", "Change (%)"} & {*labels}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_options_of_an_execution_are_shown_in_words(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    form = form_to(admin.get(url_of(complete_batch)), "/execute")
    form.set("apply", False, 0)
    form["overwrite"] = True
    form.submit(status=303)
    shown = text_of(admin.get(url_of(complete_batch)), ".outcome")
    assert "Apply Decrease" in shown
    assert "since the refresh Yes" in shown
    assert "Increase" not in shown


def _failing(_view: Any) -> Any:
    raise LookupError("no vendors")


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("suggestions", "said"),
    [
        (lambda _view: ["V1"], "suggestions must return a mapping of names of fields to lists of texts"),
        (lambda _view: None, "and returned None"),
        (lambda _view: {"vendor_code": "V1"}, "and returned 'V1' for 'vendor_code'"),
        (lambda _view: {"vendor_code": [1, None]}, "and returned [1, None] for 'vendor_code'"),
        (_failing, "no vendors"),
        (lambda view: view.request.db.execute(text("SELECT nothing")), "Suggestions cannot be given"),
    ],
)
def test_wrong_suggestions_are_told_and_the_form_works_without_them(
    catalogue: CatalogueDatabase,
    staff: TestApp,
    open_batch: int,
    monkeypatch: pytest.MonkeyPatch,
    suggestions: Any,
    said: str,
) -> None:
    monkeypatch.setattr(PriceChangeView, "suggestions", suggestions)
    for url in (f"{PATH}/new", url_of(open_batch, "edit")):
        page = staff.get(url)
        assert said in text_of(page, ".notice-warning")
        assert "Suggestions cannot be given: " in text_of(page, ".notice-warning")
        assert form_with(page, "vendor_code" if url.endswith("new") else "notes")
        assert not page.html.select("datalist")
