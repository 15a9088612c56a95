from __future__ import annotations

import sys
from typing import Any

import pytest
from sqlalchemy import text

from batchbook.db.bulk_writing import bulk_insert
from batchbook.db.engine import make_engine


def test_statements_are_counted_in_the_driver_whatever_they_carry(server: Any) -> None:
    from benchmarks.measuring import count_on, counted
    from sqlalchemy import Column, Integer, MetaData, Table

    url = server.fresh("counted")
    engine = make_engine(url)
    count_on(engine)
    numbers = Table("numbers", MetaData(), Column("number", Integer))
    with engine.begin() as connection:
        numbers.create(connection)
        with counted() as one:
            connection.execute(text("SELECT 1"))
        with counted() as bulk:
            bulk_insert(connection, numbers, ("number",), ((number,) for number in range(200)))
    engine.dispose()
    assert one == [1]
    assert 1 <= bulk[0] <= 3


@pytest.mark.skipif(sys.platform != "linux", reason="The peak starts anew on Linux only.")
def test_the_peak_of_a_work_is_above_the_idle_process() -> None:
    from benchmarks.measuring import measured, resident

    idle = resident()
    with measured(idle) as large:
        block = bytearray(60 * 2**20)
        del block
    with measured(idle) as small:
        pass
    assert large.memory > 50 * 2**20
    assert small.memory < 30 * 2**20
