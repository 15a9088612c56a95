"""The page of a dry run, for whoever edits or executes, and its files."""

from __future__ import annotations

import csv
import io

import pytest
from tests.functional.harness import CatalogueDatabase, column_of, form_to, form_with, text_of, url_of
from webtest import TestApp

from batchbook.batches.pages.batch import dry_run_page
from batchbook.jobs import JobService


def test_staff_see_what_an_execution_would_do_and_nothing_is_changed(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, complete_batch: int
) -> None:
    before = catalogue.dump()
    page = staff.get(url_of(complete_batch)).click("Dry run").forms
    form = next(one for one in page.values() if "version" in one.fields)
    result = form.submit()
    rows = [row.get_text(" ", strip=True) for row in result.html.select("#effects tbody tr")]
    assert rows[0] == "Product 000000011 1 Updated Price 2.00 2.20"
    assert len(rows) == 3
    assert "3 prices changed" in text_of(result, "#effects")
    assert "by more than 20 %" in text_of(result, "#effects")
    files = [one for one in result.forms.values() if "dry-run." in one.action]
    lines = list(csv.DictReader(io.StringIO(files[0].submit().body.decode("utf-8-sig"))))
    assert lines[0] == {
        "Records": "Product", "Key": "000000011", "Row": "1", "Effect": "Updated", "Field": "Price",
        "Before": "2.00", "After": "2.20",
    }  # fmt: skip
    book = files[1].submit()
    assert "spreadsheetml" in book.content_type
    assert book.body[:2] == b"PK"
    assert catalogue.dump() == before
    log = admin.get("/audit-log?f.event.equal=exported&view=default")
    name = f"dry-run-{complete_batch:08d}"
    assert column_of(log, "Target") == [f"{name}.xlsx", f"{name}.csv"]


def test_options_and_refusals_are_those_of_the_execution(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run_page, "LISTED", 1)
    form = form_with(admin.get(url_of(complete_batch, "dry-run")), "overwrite")
    form.set("apply", False, 0)  # Increases.
    result = form.submit()
    assert [row.th.text for row in result.html.select("#effects tbody tr")] == ["Product 000000012"]
    files = [one for one in result.forms.values() if "dry-run." in one.action]
    assert len(files[0].submit().body.decode().splitlines()) == 2
    catalogue.edit_price("000000012", "4.44")
    before = catalogue.dump()
    assert "1 price changed in the catalogue" in text_of(files[0].submit(status=409))
    refused = form.submit(status=409)
    assert "1 price changed in the catalogue since the last refresh: 000000012" in text_of(refused)
    assert catalogue.dump() == before


def test_it_needs_a_complete_batch_and_the_permission(
    admin: TestApp, auditor: TestApp, open_batch: int
) -> None:
    assert "mark it complete first" in text_of(admin.get(url_of(open_batch, "dry-run"), status=409))
    auditor.get(url_of(open_batch, "dry-run"), status="4*")
    form_to(admin.get(url_of(open_batch)), "/complete").submit(status=303)
    auditor.get(url_of(open_batch, "dry-run"), status="4*")


def test_the_file_of_a_large_batch_is_that_of_its_job(
    admin: TestApp, complete_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = form_with(admin.get(url_of(complete_batch, "dry-run")), "overwrite").submit()
    form = next(one for one in result.forms.values() if "dry-run." in one.action)
    monkeypatch.setattr(JobService, "is_big", lambda *_: True)
    assert "Start the dry run" in text_of(form.submit(status=409))
