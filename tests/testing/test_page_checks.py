"""The checks of pages complain about a handler that is broken."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from batchbook.batches import Total
from batchbook.catalog.models import Vendor
from batchbook.testing import Sample
from batchbook.testing.databases import Databases
from batchbook.types.price_change.handler import PriceChangeHandler

from .broken_types import Kit, broken, complaint


class WritesOnAPage(PriceChangeHandler):
    def totals(self, batch: Any) -> list[Total]:
        self.session.execute(insert(Vendor).values(code="V1"))
        return []


class HasNoSuchField(Kit):
    def sample(self, session: Any, rows: int) -> Sample:
        return Sample(texts={"colour": "red"})


def test_a_page_that_writes(databases: Databases) -> None:
    with broken(databases, WritesOnAPage) as (kit, harness):
        problem = complaint(kit.test_every_page_of_an_open_batch_answers, harness, harness.made)
    assert "as staff: 500 instead of 200" in problem


def test_a_form_without_a_field_of_the_sample(databases: Databases) -> None:
    with broken(databases, PriceChangeHandler, rows=0, kit=HasNoSuchField) as (kit, harness):
        problem = complaint(kit.test_a_batch_is_made_by_the_form, harness)
    assert "must have the fields ['colour']" in problem
