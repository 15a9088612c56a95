"""The columns that a user may see and edit, by the policy that applies now and the user's roles."""

from __future__ import annotations

from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import FieldRule, Policy, QuickEntry
from batchbook.batches.models import Operation
from batchbook.batches.policies.field_access import (
    MASKED,
    field_access,
    has_field_rules,
    identifying_columns,
    restrictable_columns,
    told,
)
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.policies.stored import set_policy
from batchbook.catalog.models import Product
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope


def test_the_policy_and_the_roles_of_now_decide(
    harness: BatchHarness, engine: Engine, users: dict[str, str]
) -> None:
    policy = Policy(fields=(FieldRule(field="remark", see=("admin",)), FieldRule(field="counted", edit=())))
    with transaction_scope(engine) as session:
        assert field_access(session, harness.batch_type, "staff") == EVERYTHING
        assert not has_field_rules(session, harness.batch_type)
        set_policy(session, "shelf_count", policy, utc_now(), "admin", 0)
        staff, admin, nobody = (
            field_access(session, harness.batch_type, name) for name in ("staff", "admin", "no such user")
        )
        assert (staff.sees("remark"), staff.edits("counted")) == (False, False)
        assert (admin.sees("remark"), admin.edits("counted")) == (True, False)
        assert nobody == staff
        # The administrator of the machine acts under no name.
        assert field_access(session, harness.batch_type, "") == EVERYTHING
        assert has_field_rules(session, harness.batch_type)


def test_sentences_about_hidden_columns_are_not_told(
    harness: BatchHarness, engine: Engine, users: dict[str, str]
) -> None:
    number = harness.open("item,counted,remark\n1,1,\n", shelf="A")
    harness.edit(number, 1, remark="secret")
    harness.edit(number, 1, counted="7")
    policy = Policy(fields=(FieldRule(field="remark", see=("admin",)),))
    with transaction_scope(engine) as session:
        set_policy(session, "shelf_count", policy, utc_now(), "admin", 0)
    with transaction_scope(engine) as session:
        found = session.query(Operation).filter_by(kind="edit").order_by(Operation.number).all()
        access = field_access(session, harness.batch_type, "staff")
        assert [one.summary for one in told(session, found, access)] == [MASKED, "Changed Counted in row 1."]
    with transaction_scope(engine) as session:
        found = session.query(Operation).filter_by(kind="edit").order_by(Operation.number).all()
        assert found[0].summary == "Changed Remark in row 1."


def test_the_key_of_quick_entry_identifies_rows(harness: BatchHarness) -> None:
    entry = QuickEntry(label="Scan", find=(Product.item_code,), key="remark", adds="counted")
    handler = type("Scanned", (harness.batch_type.handler,), {"quick_entry": entry})
    assert "remark" in identifying_columns(harness.with_handler(handler).batch_type)


def test_columns_are_restricted_but_those_that_identify_rows(harness: BatchHarness) -> None:
    assert [one.name for one in restrictable_columns(harness.batch_type)][:2] == ["item_code", "counted"]
    assert identifying_columns(harness.batch_type).keys() <= {"item_code"}
