"""Batches that are made of others: their header, and the links between them."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import text
from tests.batches.harness import BatchHarness
from tests.batches.sources.conftest import harness, made_of_rows
from tests.functional.harness import PRICE_LIST

from batchbook.batches import Action
from batchbook.batches.engine.making import made_links
from batchbook.batches.registry import BatchTypes

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
        links = made_links(engine.session, engine.types, source)
        assert [(label, one.id) for label, one in links] == [("Made into", number) for number in made]
        # A batch of an earlier version tells in another place what it was made from.
        old = engine.find(made[1])
        old.made_from, old.params = None, {"made_of": first}
        engine.session.flush()
        assert [(label, one.id) for label, one in made_links(engine.session, engine.types, old)] == [
            ("Made from", first)
        ]
        assert [(label, one.id) for label, one in made_links(engine.session, engine.types, source)] == [
            ("Made into", made[0])
        ]


def test_a_clone_is_not_made_from_what_its_model_was_made_from(harness: BatchHarness) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        made = made_of_rows(engine, first).id
    harness.run(made, Action.POPULATE)
    clone = harness.clone(made)
    assert harness.batch(clone).made_from is None


def test_a_batch_of_a_type_that_is_no_longer_installed_is_not_linked(harness: BatchHarness) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        made = made_of_rows(engine, first).id
        # As a plug-in leaves it that was taken out: its number is known, but no model.
        engine.session.execute(text("UPDATE batch SET type = 'gone' WHERE id = :id"), {"id": made})
        engine.session.expunge_all()
        assert made_links(engine.session, engine.types, engine.find(first)) == []
        assert made_links(engine.session, BatchTypes(), engine.find(first)) == []
