"""Many whole numbers come as one value, in the order of their statement."""

from __future__ import annotations

from array import array

from sqlalchemy import Column, Engine, Integer, MetaData, Table, insert, select

from batchbook.db.packed_numbers import fetch_numbers
from batchbook.db.transactions import transaction_scope

POINTS = Table("point", MetaData(), Column("id", Integer, primary_key=True), Column("height", Integer))


def test_numbers_come_in_the_order_of_the_statement(empty_engine: Engine) -> None:
    POINTS.create(empty_engine)
    with transaction_scope(empty_engine) as session:
        session.execute(
            insert(POINTS), [{"id": n, "height": n * 7919 % 1_000 - 500} for n in range(1, 1_001)]
        )
        height = POINTS.c.height
        expected = sorted((n * 7919 % 1_000 - 500 for n in range(1, 1_001)), reverse=True)
        assert fetch_numbers(session, select(height).order_by(height.desc())) == array("q", expected)
        assert list(fetch_numbers(session, select(height).order_by(height).limit(2))) == [-500, -499]
        assert fetch_numbers(session, select(height).where(height > 999)) == array("q")
