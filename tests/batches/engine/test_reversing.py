"""Price changes that are reversed: rows and their statuses, pages, links, permission, and the command's result."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.functional.fixtures import complete_batch, executed_batch, open_batch
from tests.functional.harness import CatalogueDatabase, form_to, number_in, post, text_of, url_of
from webtest import TestApp

__all__ = ["complete_batch", "executed_batch", "open_batch"]


def rows_of(catalogue: CatalogueDatabase, number: int) -> dict[str, tuple[Any, ...]]:
    with catalogue.engine.connect() as connection:
        found = connection.exec_driver_sql(
            f"SELECT item_code, status, status_text FROM price_change_row WHERE batch_id = {number} ORDER BY sequence"
        )
        return {row[0]: tuple(row[1:]) for row in found}


def reverse(admin: TestApp, number: int) -> int:
    return number_in(form_to(admin.get(url_of(number)), "/reverse-batch").submit(status=303))


def execute(admin: TestApp, number: int, *statuses: str) -> None:
    """Mark a batch complete and execute the rows of ``statuses``, warnings confirmed."""
    form_to(admin.get(url_of(number)), "/complete").submit(status=303)
    form = form_to(admin.get(url_of(number)), "/execute")
    for place in range(len(form.fields["apply"])):
        box = form.fields["apply"][place]
        form.set("apply", box._value in statuses, place)
    page = form.submit(status="*")
    if page.status_int == 409:
        form_to(page, "/execute").submit(status=303)


def test_a_reverse_batch_restores_the_prices_and_both_point_to_each_other(
    catalogue: CatalogueDatabase, admin: TestApp, executed_batch: int
) -> None:
    back = reverse(admin, executed_batch)
    rows = rows_of(catalogue, back)
    assert rows["000000011"] == ("decrease", "Reversible. Before 2.00, executed 2.20.")
    assert rows["000000012"] == ("increase", "Reversible. Before 3.00, executed 2.70.")
    assert rows["000000021"][1].startswith("Reversible. Before 4.00, executed 8.00.")
    page = admin.get(url_of(back) + "?panel=details")
    assert f"Reverses Batch {executed_batch:08d}" in text_of(page, ".facts")
    other = admin.get(url_of(executed_batch) + "?panel=details")
    assert f"Reversed by Batch {back:08d}" in text_of(other, ".facts")
    assert not [form for form in other.forms.values() if form.action.endswith("/reverse-batch")]
    post(admin, url_of(executed_batch, "reverse-batch"), 409)
    execute(admin, back, "increase", "decrease")
    assert catalogue.batch(back).state == "executed"
    prices = catalogue.prices()
    assert [prices[code] for code in rows] == [Decimal("2.00"), Decimal("3.00"), Decimal("4.00")]


def test_prices_that_changed_since_are_applied_only_if_chosen(
    catalogue: CatalogueDatabase, admin: TestApp, executed_batch: int
) -> None:
    catalogue.edit_price("000000011", "2.25")
    back = reverse(admin, executed_batch)
    assert rows_of(catalogue, back)["000000011"] == (
        "changed_since", "Changed since. Before 2.00, executed 2.20, now 2.25.",
    )  # fmt: skip
    execute(admin, back, "changed_since")
    prices = catalogue.prices()
    assert (prices["000000011"], prices["000000012"]) == (Decimal("2.00"), Decimal("2.70"))


def test_only_those_with_the_permission_reverse(
    staff: TestApp, auditor: TestApp, executed_batch: int, open_batch: int, admin: TestApp
) -> None:
    for app in (staff, auditor):
        page = app.get(url_of(executed_batch))
        assert not [form for form in page.forms.values() if form.action.endswith("/reverse-batch")]
        post(app, url_of(executed_batch, "reverse-batch"), "4*")
