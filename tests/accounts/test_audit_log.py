"""The page of the audit log: for auditors and administrators, to be filtered and exported, never changed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from tests.functional.fixtures import complete_batch, executed_batch, open_batch
from tests.functional.harness import CatalogueDatabase, column_of, result_count, text_of, url_of
from webtest import TestApp

from batchbook.db.transactions import transaction_scope

__all__ = ["complete_batch", "executed_batch", "open_batch"]


def test_auditors_see_who_was_refused_and_who_took_data_out(
    catalogue: CatalogueDatabase, staff: TestApp, auditor: TestApp, executed_batch: int
) -> None:
    auditor.get("/users", status=403)
    staff.get("/audit-log", status=403)
    auditor.get("/products/export.csv")
    auditor.get(url_of(executed_batch, "files", 1))
    page = auditor.get("/audit-log?view=default")
    found = list(
        zip(column_of(page, "Event"), column_of(page, "Actor"), column_of(page, "Target"), strict=True)
    )
    assert found[:4] == [
        ("downloaded", "auditor", f"{executed_batch:08d} list.csv"),
        ("exported", "auditor", "products"),
        ("refused", "staff", "GET /audit-log"),
        ("refused", "auditor", "GET /users"),
    ]
    assert result_count(auditor.get("/audit-log?f.event.equal=refused&f.actor.equal=staff")) == 1
    exported = auditor.get("/audit-log/export.csv?f.event.equal=refused").text
    assert "GET /users" in exported
    assert not page.html.select("main form[method=post] button.button-danger")


def test_a_changed_role_is_kept_with_what_was_given_and_taken(
    catalogue: CatalogueDatabase, admin: TestApp, engine: Engine
) -> None:
    role = admin.get("/roles").click("Auditor").click("Edit")
    form = next(form for form in role.forms.values() if "permissions" in form.fields)
    for box in form.fields["permissions"]:
        if box._value in ("products:export", "users:view"):
            box.checked = box._value == "users:view"
    form.submit(status=303)
    with transaction_scope(engine, read_only=True) as session:
        detail: Any = session.execute(
            text("SELECT detail FROM audit_log WHERE event = 'role changed'")
        ).scalar_one()
    assert "users:view" in str(detail)
    page = admin.get("/audit-log?f.event.equal=role+changed")
    assert column_of(page, "Target") == ["auditor"]
    event = page.click(href="/audit-log/[0-9]+$", index=0)
    assert 'Given ["users:view"] Taken ["products:export"]' in text_of(event)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'nobody'",
        "DELETE FROM audit_log",
        "DELETE FROM audit_log WHERE event = 'refused'",
    ],
)
def test_the_database_lets_nobody_change_the_log(
    catalogue: CatalogueDatabase, staff: TestApp, engine: Engine, statement: str
) -> None:
    staff.get("/users", status=403)
    with pytest.raises(DBAPIError, match="append-only"), transaction_scope(engine) as session:
        session.execute(text(statement))
