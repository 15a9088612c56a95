"""Records with descriptions like given ones: found whatever the order of words, and not by words that all have."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, event, insert
from tests.functional.harness import CatalogueDatabase

from batchbook.batches import SimilarRecords
from batchbook.batches.matching.similar_records import Description
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.matching import MATCHING


@pytest.fixture
def engine(catalogue: CatalogueDatabase) -> Engine:
    """A catalogue of five products and some more."""
    with transaction_scope(catalogue.engine) as session:
        texts = ("Olive oil, extra virgin", "Olive oil, virgin", "Sparkling water", "Sparkling water")
        session.execute(
            insert(Product),
            [{"item_code": f"A{n}", "description": text, "price": 1} for n, text in enumerate(texts)],
        )
    return catalogue.engine


def similar(engine: Engine, text: str, **options: float) -> list[tuple[str, float]]:
    with transaction_scope(engine) as session:
        records = SimilarRecords[int](session, MATCHING.records)
        records.update_index()
        found = records.find({7: text}, **options)  # type: ignore[arg-type]
    assert set(found) <= {7}
    return [(one.key, round(one.similarity, 2)) for one in found.get(7, ())]


def test_the_most_similar_come_first(engine: Engine) -> None:
    assert similar(engine, "EXTRA VIRGIN OLIVE OIL") == [("A0", 1.0), ("A1", 0.84)]
    assert similar(engine, "water, sparkling") == [("A2", 1.0), ("A3", 1.0)]
    assert similar(engine, "water, sparkling", most=1) == [("A2", 1.0)]


def test_what_is_not_similar_enough_is_not_found(engine: Engine) -> None:
    assert similar(engine, "Olive oil soap") == []
    assert similar(engine, "Olive oil soap", least=0.5) == [("A1", 0.6), ("A0", 0.5)]
    assert similar(engine, "") == []


def test_records_that_are_gone_since_the_index_are_left_out(engine: Engine) -> None:
    assert similar(engine, "Sparkling water")
    with transaction_scope(engine) as session:
        session.execute(Product.__table__.delete().where(Product.item_code == "A2"))
        found = SimilarRecords[str](session, MATCHING.records).find({"x": "Sparkling water"})
    assert [one.key for one in found["x"]] == ["A3"]


def test_the_number_of_statements_does_not_depend_on_the_number_of_texts(engine: Engine) -> None:
    sent: list[str] = []
    with transaction_scope(engine) as session:
        records = SimilarRecords[int](session, MATCHING.records)
        records.update_index()
        event.listen(engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
        found = records.find({number: f"Olive oil {number}" for number in range(500)}, least=0.5)
    assert len(found) == 500
    assert len(sent) == 3


def test_two_descriptions_are_compared_by_pairs_of_letters() -> None:
    bread = Description("Rye bread")
    assert bread.similarity(Description("BREAD RYE")) == 1
    assert bread.similarity(Description("")) == 0
    assert 0.5 < bread.similarity(Description("Rye breads, sliced")) < 0.8
