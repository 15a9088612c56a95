"""The panels beside a batch's rows."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functional.harness import form_to, text_of, url_of
from webtest import TestApp


def opened(page: Any) -> list[str]:
    """Return the names of the panels that are open on a page."""
    return [panel["data-panel"] for panel in page.html.select("details[data-panel][open]")]


def test_a_panel_opens_by_its_address_and_another_one_by_what_concerns_the_batch(
    staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    page = staff.get(url_of(open_batch))
    names = [panel["data-panel"] for panel in page.html.select("details[data-panel]")]
    assert names == ["breakdown", "facets", "details", "execution", "comments", "history", "files"]
    assert opened(page) == ["breakdown"]
    assert opened(staff.get(f"{url_of(open_batch)}?panel=history")) == ["history"]
    assert opened(staff.get(f"{url_of(open_batch)}?panel=")) == []
    assert opened(staff.get(f"{url_of(open_batch)}?panel=nothing")) == ["breakdown"]
    form_to(page, "/complete").submit(status=303)
    page = admin.get(url_of(open_batch))
    assert opened(page) == ["execution"]
    assert page.html.select_one(".page-actions a.button-primary")["data-open-panel"] == "execution"


@pytest.mark.usefixtures("catalogue")
def test_what_executing_did_stands_above_the_rows(admin: TestApp, complete_batch: int) -> None:
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    page = admin.get(f"{url_of(complete_batch)}?panel=details")
    assert "Executed and frozen. 3 prices changed, 1 unchanged, 4 rows left out." in text_of(
        page, ".frozen-line"
    )
    assert opened(admin.get(url_of(complete_batch))) == ["execution"]
