"""The file of a batch of new records has the unknown rows as they are, whatever their texts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.batches.harness import BatchHarness

from batchbook.batches import input_file, open_file
from batchbook.batches.engine.making import made_links
from batchbook.batches.matching.new_records import make_batch_of_new_records
from batchbook.errors import Conflict
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.matching import MATCHING

LIST = (
    "item_code,description,size,price\n"
    '007,"Rolls, ""fresh""",60 G,0.40\n'
    "000000011,RYE BREAD,,2.20\n=X9,,,1234.50\n"
)


class ToPriceChanges(PriceChangeHandler):
    """Price changes whose new records are another price change, a type that every test has."""

    matching = replace(
        MATCHING,
        new_records=replace(
            MATCHING.new_records,  # type: ignore[type-var]
            batch_type="price_change",
            header=lambda batch: {"vendor_code": batch.vendor_code or ""},
        ),
    )


@pytest.fixture
def places(harness: BatchHarness) -> BatchHarness:
    """Price changes that make price changes of unknown rows."""
    return harness.with_handler(ToPriceChanges)


def test_the_rows_are_written_as_they_are(places: BatchHarness) -> None:
    batch_id = places.open(LIST, vendor_code="V1")
    with places.engine() as engine:
        made = make_batch_of_new_records(engine, batch_id)
        file = input_file(engine.session, made)
        assert file is not None
        with open_file(engine.session, file) as content:
            text = content.read().decode()
        assert text == (
            "item_code,description,size,price,vendor,department\r\n"
            '007,"Rolls, ""fresh""",60 G,0.40,V1,\r\n'
            "=X9,,,1234.50,V1,\r\n"
        )
        source = engine.find(batch_id)
        assert [(label, other.id) for label, other in made_links(engine.session, engine.types, source)] == [
            ("Made into", made.id)
        ]
        assert [(label, other.id) for label, other in made_links(engine.session, engine.types, made)] == [
            ("Made from", batch_id)
        ]
    # Once the other batch is deleted, another one can be made.
    with places.engine() as engine, pytest.raises(Conflict, match="made of these rows already"):
        make_batch_of_new_records(engine, batch_id)
    places.delete(2)
    with places.engine() as engine:
        assert make_batch_of_new_records(engine, batch_id).id == 3


def test_without_an_unknown_row_no_batch_is_made(places: BatchHarness) -> None:
    batch_id = places.open("item_code,description,size,price\n000000011,RYE BREAD,,2.20\n")
    with places.engine() as engine, pytest.raises(Conflict, match="has an unknown item code"):
        make_batch_of_new_records(engine, batch_id)
