"""A dry run tells what the execution then does, and leaves nothing behind: imports of each kind, on both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from batchbook.batches import Action
from batchbook.batches.effects.models import Effect, effects_of
from batchbook.batches.running.dry_run import dry_run
from batchbook.catalog.models import Department, Product, Vendor
from batchbook.db import Base
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .conftest import ImportHarness

HEAD = "item_code,description,price\n"
#: What each change of a product sets besides.
BOOKKEEPING = {"version", "modified_at"}
REPLACE = {"mode": "replace", "scope_field": "vendor", "scope_value": "V1"}
KINDS = {
    "creates and updates": (
        f"{HEAD}000000001,Better item,1.25\n000000002,Item 2,2.00\n000000009,Nine,9.00\n",
        {},
    ),
    "adds references": (
        "item_code,description,price,vendor,department\n000000009,Nine,1.00,V9,BAKERY\n000000003,Item 3,3.00,V9,BAKERY\n",
        {"unknown": "add"},
    ),
    "clears and deletes": ("item_code,size\n000000001,\n", {**REPLACE, "empty_cells": "clear"}),
    "leaves out": (f"{HEAD}000000001,Item 1,1.50\n,Nothing,2.00\n", {}),
    "quantities": ("item_code,on_hand\n000000001,-4\n000000003,5\n", {"target": "on_hand"}),
    "creates vendors": ("code,name\nV1,Müller\nV7,Seven\n", {"target": "vendor"}),
    "creates departments": ("name\nGROCERY\nDAIRY\n", {"target": "department"}),
}


def everything(harness: ImportHarness) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables there are, those of single batches included."""
    found = MetaData()
    with transaction_scope(harness.database, read_only=True) as session:
        found.reflect(session.connection())
        names = sorted(Base.metadata.tables.keys() | found.tables.keys())
        tables = [
            Base.metadata.tables.get(name, found.tables.get(name)) for name in names if name in found.tables
        ]
        return {table.name: sorted(map(repr, session.execute(select(table)))) for table in tables}  # type: ignore[union-attr]


def records(harness: ImportHarness) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the values of all records of the catalogue, as people know them, by table and primary key."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    with transaction_scope(harness.database, read_only=True) as session:
        departments = dict(session.execute(select(Department.id, Department.name)).all())
        vendors = dict(session.execute(select(Vendor.id, Vendor.code)).all())
        for model in (Product, Vendor, Department):
            for row in session.execute(select(model.__table__)):
                values = {
                    name: value for name, value in row._mapping.items() if name not in {"id", *BOOKKEEPING}
                }
                if model is Product:
                    values["department"] = departments.get(values.pop("department_id"))
                    values["vendor"] = vendors.get(values.pop("vendor_id"))
                texts = {
                    name: f"{one:f}" if isinstance(one, Decimal) else one for name, one in values.items()
                }
                found[model.__tablename__, row.id] = texts
    return found


def told(effects: list[Effect]) -> dict[tuple[str, int], tuple[str, dict[str, Any], dict[str, Any]]]:
    return {
        (one.target, one.record_id): (one.kind, dict(one.before), dict(one.after))
        for one in effects
        if one.kind != "created"
    } | {
        # A sequence of the database may give another number when it is done again.
        (f"{one.target} {one.record_key}", 0): (one.kind, {}, dict(one.after))
        for one in effects
        if one.kind == "created"
    }


def differences(before: dict[Any, Any], after: dict[Any, Any]) -> dict[Any, Any]:
    """Return what changed between two states of all records, as effects tell it."""
    found: dict[Any, Any] = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is None:
            name = new.get("item_code") or new.get("code") or new["name"]
            found[f"{key[0]} {name}", 0] = ("created", {}, {k: v for k, v in new.items() if v is not None})
        elif new is None:
            found[key] = ("deleted", old, {})
        elif old != new:
            changed = [name for name in old if old[name] != new[name]]
            found[key] = ("updated", {n: old[n] for n in changed}, {n: new[n] for n in changed})
    return found


def without_empty(effects: dict[Any, Any]) -> dict[Any, Any]:
    """Leave out the empty fields of created records: one that a model fills later is not told of, nor is an empty one."""
    return {
        key: (kind, old, {n: v for n, v in new.items() if v is not None} if kind == "created" else new)
        for key, (kind, old, new) in effects.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_tells_what_the_execution_does_and_leaves_nothing(
    harness: ImportHarness, kind: str
) -> None:
    table, texts = KINDS[kind]
    number = harness.create(table, **texts)
    harness.run(number, Action.COMPLETE)
    options = {"apply": "good"} if kind in ("leaves out", "adds references") else {}
    before, everything_before = records(harness), everything(harness)
    with transaction_scope(harness.database) as session:
        found = dry_run(harness.act(session), number, options, list)
    assert everything(harness) == everything_before
    assert found.total == len(found.effects) > 0
    result = harness.run(number, Action.EXECUTE, options=options)
    assert found.summary.split(". ")[0] in result.message
    assert without_empty(told([*found.effects])) == differences(before, records(harness))
    with transaction_scope(harness.database, read_only=True) as session:
        kept = list(effects_of(session, number))
    assert without_empty(told(kept)) == without_empty(told([*found.effects]))


def test_a_dry_run_is_refused_as_the_execution_would_be(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n,Nothing,2.00\n")
    harness.run(number, Action.COMPLETE)
    before = everything(harness)
    with transaction_scope(harness.database) as session, pytest.raises(Conflict, match="1 row has problems"):
        dry_run(harness.act(session), number, {"apply": "all"}, list)
    harness.set_price("000000001", "7.00")
    with (
        transaction_scope(harness.database) as session,
        pytest.raises(Conflict, match="1 record changed since"),
    ):
        dry_run(harness.act(session), number, {"apply": "good"}, list)
    assert everything(harness)["batch"] == before["batch"]
