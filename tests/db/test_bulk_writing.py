from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Table, delete, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from batchbook.db import ExactDecimal
from batchbook.db.bulk_writing import bulk_insert, bulk_insert_columns, bulk_update, chunked
from batchbook.db.transactions import transaction_scope

from .conftest import NAMES

# What a database's text can hold: everything but NUL and halves of surrogate pairs.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")) | st.sampled_from(
    ["", "\\", "\\N", "\\.", "a\tb", "a\nb", "a\r\nb", "'", '"', '""', "é", "e\u0301", "漢字", "🦜", "NULL"]
)
VALUES = st.tuples(
    st.none() | TEXTS,
    st.none() | st.decimals("-9999999999.99", "9999999999.99", places=2),
    st.none() | st.decimals("-99999.9999", "99999.9999", places=4),
    st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.none() | st.dates(date(1900, 1, 1)),
    st.none() | st.booleans(),
    st.none() | st.recursive(TEXTS | st.integers(-1000, 1000) | st.booleans(), st.lists, max_leaves=5),
    st.none() | st.integers(-(2**31), 2**31 - 1),
    st.none() | st.binary(max_size=20),
)
PROPERTY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def stored(engine: Engine, things: Table) -> list[tuple[Any, ...]]:
    with transaction_scope(engine, read_only=True) as session:
        return [tuple(row) for row in session.execute(select(things).order_by(things.c.id))]


def write(engine: Engine, things: Table, rows: list[tuple[Any, ...]]) -> None:
    with transaction_scope(engine) as session:
        session.execute(delete(things))
        bulk_insert(session.connection(), things, NAMES, rows)


@PROPERTY
@given(values=st.lists(VALUES, max_size=8))
def test_what_is_inserted_comes_back(engine: Engine, things: Table, values: list[tuple[Any, ...]]) -> None:
    rows = [(number, 0, *row) for number, row in enumerate(values)]
    write(engine, things, rows)
    assert stored(engine, things) == rows


@PROPERTY
@given(pairs=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6))
def test_what_is_updated_comes_back_and_the_rest_stays(
    engine: Engine, things: Table, pairs: list[tuple[Any, ...]]
) -> None:
    before = [(number, 0, *old) for number, (old, _) in enumerate(pairs)] + [(99, 0, *pairs[0][0])]
    write(engine, things, before)
    with transaction_scope(engine) as session:
        updates = [(*new, number, 0) for number, (_, new) in enumerate(pairs)]
        bulk_update(session.connection(), things, ("id", "part"), NAMES[2:], updates)
    after = [(number, 0, *new) for number, (_, new) in enumerate(pairs)]
    assert stored(engine, things) == [*after, before[-1]]


def test_an_update_touches_the_named_columns_only(engine: Engine, things: Table) -> None:
    row = (1, 0, "a", Decimal("1.00"), None, None, None, True, ["x"], 7, b"\x00")
    write(engine, things, [row, (2, *row[1:])])
    with transaction_scope(engine) as session:
        connection = session.connection()
        bulk_update(connection, things, ("id", "part"), ("order",), [(8, 1, 0)])
        bulk_update(
            connection, things, ("id", "part"), ("text", "flag"), [("b", None, 1, 0), ("c", None, 3, 0)]
        )
    assert stored(engine, things) == [
        (1, 0, "b", Decimal("1.00"), None, None, None, None, ["x"], 8, b"\x00"),
        (2, *row[1:]),
    ]


def test_the_rows_belong_to_the_transaction(engine: Engine, things: Table) -> None:
    with pytest.raises(ZeroDivisionError), transaction_scope(engine) as session:  # noqa: PT012
        bulk_insert(session.connection(), things, ("id", "part"), [(1, 0), (2, 0)])
        assert session.scalar(select(func.count()).select_from(things)) == 2
        raise ZeroDivisionError
    assert stored(engine, things) == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_postgresql_refuses_text_with_nul(engine: Engine, things: Table) -> None:
    """SQLite would keep it; the parsers of cells refuse it on either database."""
    with pytest.raises(Exception, match="NUL"):
        write(engine, things, [(1, 0, "a\x00b", *[None] * 8)])
    assert stored(engine, things) == []


@pytest.mark.parametrize("bad", [(1, 0, Decimal("0.001")), (1, 0, Decimal(10**10))])
def test_a_value_that_does_not_fit_stops_the_whole(
    engine: Engine, things: Table, bad: tuple[Any, ...]
) -> None:
    with pytest.raises(ValueError, match="does not fit"), transaction_scope(engine) as session:
        bulk_insert(session.connection(), things, ("id", "part", "price"), [(7, 0, Decimal(1)), bad])
    assert stored(engine, things) == []


def test_a_doubled_key_stops_the_whole(engine: Engine, things: Table) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"), transaction_scope(engine) as session:
        bulk_insert(session.connection(), things, ("id", "part"), [(1, 0), (2, 0), (1, 0)])
    assert stored(engine, things) == []


def test_statements_do_not_grow_with_the_rows(engine: Engine, things: Table) -> None:
    statements: list[str] = []
    with transaction_scope(engine) as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
        bulk_insert(connection, things, ("id", "part"), ((number, 0) for number in range(3000)))
        bulk_update(connection, things, ("id", "part"), ("order",), ((n, n, 0) for n in range(3000)))
        assert session.scalar(select(func.sum(things.c.order))) == sum(range(3000))
    assert len(statements) <= 4


def test_chunks_are_taken_one_at_a_time() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    chunks = chunked(items(), 4)
    assert next(chunks) == [0, 1, 2, 3]
    assert taken == [0, 1, 2, 3]
    assert list(chunks) == [[4, 5, 6, 7], [8, 9]]
    assert list(chunked([], 4)) == []


def test_what_the_database_refuses_is_an_error_of_sqlalchemy_as_everywhere(
    engine: Engine, things: Table
) -> None:
    row = (1, 0, *[None] * (len(NAMES) - 2))
    with pytest.raises(IntegrityError), transaction_scope(engine) as session:
        bulk_insert(session.connection(), things, NAMES, [row, row])
    assert stored(engine, things) == []


PRICES = st.none() | st.decimals("-9999999999.99", "9999999999.99", places=2) | st.integers(-(10**9), 10**9)


@given(values=st.lists(PRICES | st.decimals("-99", "99", places=1), max_size=8))
@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_many_decimals_become_what_each_becomes(dialect: Any, values: list[Any]) -> None:
    kind = ExactDecimal(12, 2)
    assert list(kind.bind_many(values, dialect)) == [kind.process_bind_param(v, dialect) for v in values]


@pytest.mark.parametrize("bad", [Decimal("0.001"), Decimal(10**10), Decimal("NaN"), Decimal("1E+11"), 1.15])
@pytest.mark.parametrize("others", [[], [Decimal("1.00")], [None, Decimal("2.50")]])
def test_one_decimal_among_many_that_does_not_fit_stops_all(bad: Any, others: list[Any]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        ExactDecimal(12, 2).bind_many([*others, bad], sqlite.dialect())


def test_columns_of_different_lengths_are_refused(engine: Engine, things: Table) -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"), transaction_scope(engine) as session:
        bulk_insert_columns(session.connection(), things, {"id": [1, 2], "part": range(3)})
    assert stored(engine, things) == []
