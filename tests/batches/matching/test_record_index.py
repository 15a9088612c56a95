"""The index of records follows the records, however they were changed."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete, select, update
from tests.functional.harness import CatalogueDatabase

from batchbook.batches.matching.record_index import (
    CommonToken,
    IndexedRecord,
    IndexedToken,
    RecordIndex,
    tokens_of,
    words_of,
)
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.progress import NoProgress
from batchbook.types.price_change.matching import MATCHING


def updated(engine: Engine) -> int:
    with transaction_scope(engine) as session:
        return RecordIndex(session, MATCHING.records).update(NoProgress())


def indexed(engine: Engine) -> dict[str, tuple[str, str]]:
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(select(IndexedRecord.key, IndexedRecord.form, IndexedRecord.description))
        return {key: (form, text) for key, form, text in found}


def tokens(engine: Engine) -> set[int]:
    with transaction_scope(engine, read_only=True) as session:
        return set(session.scalars(select(IndexedToken.token)))


def test_the_index_follows_changes_by_sql(catalogue: CatalogueDatabase) -> None:
    engine = catalogue.engine
    assert (updated(engine), updated(engine)) == (5, 0)
    assert indexed(engine)["000000021"] == ("21", "OAT FLAKES")
    with transaction_scope(engine) as session:
        session.execute(update(Product).where(Product.item_code == "000000021").values(description="Spelt"))
        session.execute(update(Product).where(Product.item_code == "000000013").values(item_code="P-13"))
        session.execute(delete(Product).where(Product.item_code == "000000099"))
    assert updated(engine) == 3
    assert indexed(engine)["000000021"] == ("21", "Spelt")
    assert indexed(engine)["P-13"] == ("p13", "PRETZEL")
    assert len(indexed(engine)) == 4
    left = {text for _, text in indexed(engine).values()}
    assert tokens(engine) == {token for text in left for token in tokens_of("product", text)}


@pytest.mark.parametrize("backend", ["postgresql"])
def test_whoever_comes_second_leaves_it_to_the_first(catalogue: CatalogueDatabase) -> None:
    with transaction_scope(catalogue.engine) as session:
        assert RecordIndex(session, MATCHING.records).update(NoProgress()) == 5
        with transaction_scope(catalogue.engine) as other:
            assert RecordIndex(other, MATCHING.records).update(NoProgress()) == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_many_records_have_is_common(catalogue: CatalogueDatabase) -> None:
    with transaction_scope(catalogue.engine) as session:
        session.add_all(
            Product(item_code=f"T{number}", description=f"Tea {number}x", price=1) for number in range(101)
        )
    updated(catalogue.engine)
    (tea,) = tokens_of("product", "Tea")
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert set(session.scalars(select(CommonToken.token))) == {tea}


def test_words_are_compared_whatever_their_case_order_and_form() -> None:
    assert words_of("Café CRÈME, 12-oz a") == ["café", "crème", "12", "oz"]
    assert words_of("Cafe\u0301 cre\u0300me 12 OZ") == ["café", "crème", "12", "oz"]
    assert tokens_of("product", "Oat flakes") == tokens_of("product", "FLAKES, oat")
    assert tokens_of("product", "") == []


def test_descriptions_that_differ_by_one_word_share_more_than_single_words() -> None:
    one, other = (set(tokens_of("product", f"Golden {word} Spread Jar")) for word in ("Peanut", "Almond"))
    assert len(one & other) == 4
