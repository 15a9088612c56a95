"""Imports that reverse others: what was created, changed and deleted is restored, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from batchbook.batches import Action
from batchbook.batches.effects.models import Effect, effects_of
from batchbook.batches.engine.reversing import reverse_batch
from batchbook.batches.registry import BatchTypes
from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .conftest import ImportHarness
from .test_effects import HEAD, KINDS, records

#: Products that were created are not removed but marked, as their target declares, and references that were added stay.
MARKED = "creates and updates"
RESTORED = [kind for kind in KINDS if kind not in ("adds references",)]


def reverse(harness: ImportHarness, number: int, by: str = "admin") -> int:
    with transaction_scope(harness.database) as session:
        return reverse_batch(harness.act(session, by), number).id


@pytest.mark.parametrize("kind", RESTORED)
def test_each_kind_of_import_is_reversed(harness: ImportHarness, kind: str) -> None:
    table, texts = KINDS[kind]
    before = records(harness)
    number = harness.create(table, **texts)
    harness.execute(number, **({"apply": "good"} if kind == "leaves out" else {}))
    changed = records(harness)
    assert changed != before
    back = reverse(harness, number)
    assert {row.status for row in harness.rows(back)} <= {"create", "update", "delete"}
    assert all(row.status_text.startswith("Reversible") for row in harness.rows(back))
    harness.execute(back)
    after = records(harness)
    if kind == MARKED:
        (created,) = after.keys() - before.keys()
        assert after.pop(created)["active"] is False
    assert after == before
    again = reverse(harness, back)
    harness.execute(again)
    assert {key: value for key, value in records(harness).items() if key in changed} == changed or kind in (
        "creates vendors",
        "creates departments",
    )


def test_records_that_were_deleted_for_good_are_created_again(
    harness: ImportHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = harness.services.get(BatchTypes)["import"].services["targets"]
    monkeypatch.setitem(targets._targets, "product", replace(targets["product"], mark_deleted={}))
    before, (table, texts) = products(harness), KINDS["clears and deletes"]
    number = harness.create(table, **texts)
    harness.execute(number)
    assert products(harness).keys() == before.keys() - {"000000002"}
    assert {effect.record_key: effect.kind for effect in effects(harness, number)} == {
        "000000001": "updated", "000000002": "deleted",
    }  # fmt: skip
    back = reverse(harness, number)
    assert {row.new_item_code: (row.status, row.status_text) for row in harness.rows(back)} == {
        "000000001": ("update", "Reversible."),
        "000000002": ("create", "Reversible. It was deleted and is created again."),
    }
    harness.execute(back)
    assert products(harness) == before
    again = reverse(harness, back)
    assert sorted(harness.statuses(again)) == ["delete", "update"]
    harness.execute(again)
    assert products(harness).keys() == before.keys() - {"000000002"}
    # Somebody else creates it meanwhile.
    last = reverse(harness, again)
    harness.add_product("000000002")
    harness.run(last, Action.REFRESH)
    assert sorted(harness.statuses(last)) == ["changed_since", "update"]
    harness.execute(last)
    assert products(harness)["000000002"]["description"] == "Theirs"


def products(harness: ImportHarness) -> dict[str, dict[str, Any]]:
    """Return the values of all products, by code: one that is created again has another primary key."""
    return {one["item_code"]: one for (table, _), one in records(harness).items() if table == "product"}


def effects(harness: ImportHarness, number: int) -> list[Effect]:
    with transaction_scope(harness.database, read_only=True) as session:
        return list(effects_of(session, number))


def test_what_changed_since_or_is_gone_is_named_and_left_out(harness: ImportHarness) -> None:
    number = harness.create(
        f"{HEAD}000000001,Better item,1.25\n000000002,Other item,2.50\n000000003,Third,3.50\n000000009,Nine,9.00\n"
    )
    harness.execute(number)
    harness.set_price("000000001", "1.30")
    harness.set_vendor("000000002", "V2")
    with transaction_scope(harness.database) as session:
        session.execute(update(Product).where(Product.item_code == "000000003").values(item_code="000000033"))
    back = reverse(harness, number)
    rows = {row.new_item_code: row for row in harness.rows(back)}
    assert {code: row.status for code, row in rows.items()} == {
        "000000001": "changed_since", "000000002": "update", "000000003": "gone", "000000009": "delete",
    }  # fmt: skip
    row = rows["000000001"]
    assert [str(value) for value in (row.new_price, row.executed_price, row.old_price)] == [
        "1.00",
        "1.25",
        "1.30",
    ]
    assert row.status_text == "Changed since: Price."
    harness.execute(back)
    second = harness.product("000000002")
    # Their vendor stays, which the import has not changed.
    assert (second.description, str(second.price), second.vendor) == ("Item 2", "2.00", "V2")
    assert str(harness.product("000000001").price) == "1.30"
    assert harness.product("000000009").active is False
    assert [row[:3] for row in harness.price_history()][-1][0] == "000000002"


def test_a_created_record_that_others_refer_to_stays(harness: ImportHarness) -> None:
    number = harness.create("code,name\nV7,Seven\nV8,Eight\n", target="vendor")
    harness.execute(number)
    harness.set_vendor("000000001", "V7")
    back = reverse(harness, number)
    assert harness.statuses(back) == ["skipped", "delete"]
    harness.execute(back)
    with transaction_scope(harness.database, read_only=True) as session:
        codes: Any = session.scalars(select(Vendor.code)).all()
    assert "V7" in codes
    assert "V8" not in codes


def test_a_clone_and_a_follow_up_batch_reverse_as_well(harness: ImportHarness) -> None:
    number = harness.create("item_code,department\n000000001,PRODUCE\n000000003,GROCERY\n")
    harness.execute(number)
    harness.rename_department("GROCERY", "FOOD")
    back = reverse(harness, number)
    assert harness.statuses(back) == ["invalid", "changed_since"]
    clone = harness.clone(back)
    assert harness.batch(clone).reverses == number
    harness.rename_department("FOOD", "GROCERY")
    harness.run(clone, Action.REFRESH)
    assert harness.statuses(clone) == ["update", "update"]
    harness.execute(clone)
    assert [harness.product(f"00000000{digit}").department for digit in "13"] == ["GROCERY", "PRODUCE"]


def test_nothing_is_reversed_twice_at_a_time(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n")
    with pytest.raises(Conflict, match="cannot be reversed"):
        reverse(harness, number)
    harness.execute(number)
    back = reverse(harness, number)
    assert harness.batch(back).reverses == number
    with pytest.raises(Conflict, match=f"Batch {back:08d} reverses it already and is not executed yet"):
        reverse(harness, number)
    harness.execute(back)
    with pytest.raises(Conflict, match="None of its rows"):
        harness.execute(reverse(harness, number))
