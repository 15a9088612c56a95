from __future__ import annotations

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, insert, select

from batchbook.db.number_sets import is_among, is_in_parameter, ranges_of

NUMBERS = Table("numbers", MetaData(), Column("number", Integer, primary_key=True))


def test_runs_of_numbers_are_ranges() -> None:
    assert list(ranges_of([1, 2, 3, 7, 9, 10])) == [(1, 3), (7, 7), (9, 10)]
    assert list(ranges_of([5])) == [(5, 5)]
    assert list(ranges_of([])) == []


@pytest.mark.parametrize("wanted", [[], [4], [1, 2, 3, 50], [*range(1, 100, 2)]])
def test_a_condition_finds_the_numbers_and_no_others(engine: Engine, wanted: list[int]) -> None:
    with engine.begin() as connection:
        NUMBERS.create(connection)
        connection.execute(insert(NUMBERS), [{"number": number} for number in range(1, 101)])
        condition = is_among(NUMBERS.c.number, wanted, connection.dialect)
        found = connection.scalars(select(NUMBERS.c.number).where(condition).order_by(NUMBERS.c.number)).all()
        assert found == wanted
        NUMBERS.drop(connection)


def test_a_statement_that_is_made_once_gets_the_numbers_as_a_parameter(engine: Engine) -> None:
    listed = is_in_parameter(NUMBERS.c.number, "wanted", engine.dialect.name)
    statement = select(NUMBERS.c.number).where(listed).order_by(NUMBERS.c.number)
    with engine.begin() as connection:
        NUMBERS.create(connection)
        connection.execute(insert(NUMBERS), [{"number": number} for number in range(1, 101)])
        for wanted in ([7, 3, 99, 400], (), [*range(1, 100, 2)]):
            found = connection.scalars(statement, {"wanted": wanted}).all()
            assert found == sorted({*wanted} - {400})
        NUMBERS.drop(connection)
