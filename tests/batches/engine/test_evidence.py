"""Populate and refresh keep figures and the digests of what they used in the history."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness
from tests.functional.harness import PRICE_LIST, CatalogueDatabase, form_to, number_in, upload, url_of
from webtest import TestApp

from batchbook.batches.engine.evidence import rows_digest
from batchbook.batches.models import Operation
from batchbook.db.transactions import transaction_scope

FILE = "item,counted,remark\n007,7,\n008,9,\n009,,look\n"


def evidence(database: Engine, batch_id: int) -> list[dict[str, Any]]:
    statement = select(Operation.evidence).where(Operation.batch_id == batch_id).order_by(Operation.number)
    with transaction_scope(database, read_only=True) as session:
        return [one for one in session.scalars(statement) if one]


def test_digests_are_those_of_the_file_and_of_what_the_catalogue_delivered(
    catalogue: CatalogueDatabase, staff: TestApp, engine: Engine
) -> None:
    batch_id = number_in(upload(staff, PRICE_LIST))

    def refresh() -> None:
        form_to(staff.get(url_of(batch_id)), "/refresh").submit(status=303)

    refresh()
    refresh()
    catalogue.set_price("000000011", "2.20")
    refresh()
    populated, first, same, changed = evidence(engine, batch_id)
    digest = hashlib.sha256(PRICE_LIST.encode()).hexdigest()
    assert populated["files"] == [{"name": "list.csv", "sha256": digest}]
    assert populated["rows"] == sum(populated["statuses"].values())
    assert populated["rows_sha256"] == first["rows_sha256"] == same["rows_sha256"]
    assert changed["rows_sha256"] != same["rows_sha256"]
    assert changed["before"] == same["statuses"]
    page = staff.get(url_of(batch_id, "history"))
    assert digest in page
    assert changed["rows_sha256"] in page


def test_rows_of_every_block_are_in_the_digest(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchbook.batches.engine.evidence._AT_A_TIME", 2)
    batch_id = harness.open(FILE, shelf="A")

    def digest() -> str:
        with harness.engine() as engine:
            return rows_digest(engine.context_of(engine.find(batch_id)))

    before = digest()
    assert before == digest()
    for sequence in (1, 3):
        harness.edit(batch_id, sequence, None, remark="other")
        after = digest()
        assert after != before
        before = after
