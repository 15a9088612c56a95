"""The page on which administrators set who may see and edit columns."""

from __future__ import annotations

from typing import Any

from tests.functional.harness import CatalogueDatabase, form_with, text_of
from webtest import TestApp

PAGE = "/policies/price_change/columns"


def restrict(admin: TestApp, field: str, see: str = "", edit: str = "", status: int = 303) -> Any:
    """Send the form with the roles of one column."""
    form = form_with(admin.get(PAGE), "see")
    place = [one.value for one in form.fields["field"]].index(field)
    form.fields["see"][place].value = see
    form.fields["edit"][place].value = edit
    return form.submit(status=status)


def test_administrators_restrict_columns_and_the_audit_log_tells(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp
) -> None:
    staff.get(PAGE, status=403)
    page = restrict(admin, "new_price", "admin, staff", "nobody").follow()
    form = form_with(page, "see")
    place = [one.value for one in form.fields["field"]].index("new_price")
    assert (form.fields["see"][place].value, form.fields["edit"][place].value) == ("admin, staff", "nobody")
    assert "fields: [] → [['new_price', ['admin', 'staff'], []]]" in text_of(admin.get("/audit-log"))
    assert "1 restricted column" in text_of(admin.get("/policies"), "#policies")
    # The other page of the policy keeps it.
    other = form_with(admin.get("/policies/price_change"), "windows")
    other["reason"] = True
    other.submit(status=303)
    assert "1 restricted column" in text_of(admin.get("/policies"), "#policies")
    restrict(admin, "new_price")
    assert "restricted" not in text_of(admin.get("/policies"), "#policies")


def test_what_cannot_be_applied_is_refused_and_shown_again(
    catalogue: CatalogueDatabase, admin: TestApp
) -> None:
    refused = restrict(admin, "new_price", "admin, boss", status=422)
    assert "There is no role “boss”" in text_of(refused)
    assert "admin, boss" in [one.value for one in form_with(refused, "see").fields["see"]]
    form = form_with(admin.get(PAGE), "see")
    form.fields["field"][-1].value, form.fields["see"][-1].value = "no_such*", "admin"
    assert "have no column “no_such*”" in text_of(form.submit(status=422))
    form = form_with(admin.get(PAGE), "see")
    form.fields["field"][-1].value, form.fields["see"][-1].value = "item*", "admin"
    assert "Item code identifies the rows" in text_of(form.submit(status=422))
    outdated = form_with(admin.get(PAGE), "see")
    restrict(admin, "cost", "admin")
    assert "Somebody else changed this policy meanwhile" in text_of(outdated_submit(outdated))


def outdated_submit(form: Any) -> Any:
    """Send a form that was opened before another change."""
    form.fields["see"][-1].value, form.fields["field"][-1].value = "staff", "size"
    return form.submit(status=303).follow()
