"""Batches that are made of others: their header, and the links between them."""

from __future__ import annotations

from decimal import Decimal

from tests.batches.harness import BatchHarness
from tests.batches.sources.conftest import harness, made_of_rows
from tests.functional.harness import PRICE_LIST

from batchbook.batches.engine.making import batches_made_from, made_links

__all__ = ["harness"]


def test_given_fields_count_more_than_those_of_the_other_batch(harness: BatchHarness) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        made = made_of_rows(engine, first, vendor_code="", warn_above="50").id
    assert (harness.batch(made).vendor_code, harness.batch(made).warn_above) == (None, Decimal(50))


def test_several_batches_are_linked_with_the_one_that_they_were_made_from(harness: BatchHarness) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        made = [made_of_rows(engine, first).id for _ in range(2)]
        source = engine.find(first)
        assert [one.id for one in batches_made_from(engine.session, source)] == made
        # A batch of an earlier version tells in another place what it was made from.
        old = engine.find(made[1])
        old.made_from, old.params = None, {"made_of": first}
        engine.session.flush()
        assert [(label, one.id) for label, one in made_links(engine.session, old)] == [("Made from", first)]
        assert [(label, one.id) for label, one in made_links(engine.session, source)] == [
            ("Made into", made[0])
        ]


def test_a_clone_is_not_made_from_what_its_model_was_made_from(harness: BatchHarness) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        made = made_of_rows(engine, first).id
    clone = harness.clone(made)
    assert harness.batch(clone).made_from is None
