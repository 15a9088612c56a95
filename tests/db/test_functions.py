"""SQL that both databases spell differently gives the same on both."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Table, cast, insert, literal, select, text

from batchbook.db import (
    ExactDecimal,
    decimal_text,
    joining_by_hash,
    percent_change,
)
from batchbook.db.functions import insert_into
from batchbook.db.transactions import transaction_scope

PERCENT = ExactDecimal(14, 2)
PRICES = st.integers(1, 10**7).map(lambda cents: Decimal(cents).scaleb(-2))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(PRICES, PRICES), min_size=20, max_size=40))
def test_percent_change_is_what_a_person_computes(
    engine: Engine, pairs: list[tuple[Decimal, Decimal]]
) -> None:
    expected = [
        ((new - old) * 100 / old).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP") for old, new in pairs
    ]
    assert percents(engine, *pairs) == expected


def test_percent_change_is_nothing_where_there_is_nothing_to_compare_with(engine: Engine) -> None:
    one = Decimal("1.00")
    assert percents(engine, (None, one), (one, None), (Decimal(0), one)) == [None, None, None]
    assert percents(engine, (one, one)) == [Decimal("0.00")]


def test_percent_change_stays_within_what_its_column_holds(engine: Engine) -> None:
    least, most = Decimal("0.01"), Decimal("9999999999.99")
    assert percents(engine, (least, most), (least, -most)) == [
        Decimal("999999999999.99"),
        Decimal("-999999999999.99"),
    ]


def percents(engine: Engine, *pairs: tuple[Decimal | None, Decimal | None]) -> list[Decimal | None]:
    price = ExactDecimal(12, 2)
    with transaction_scope(engine, read_only=True) as session:
        return [
            session.scalar(select(cast(percent_change(literal(old, price), literal(new, price)), PERCENT)))
            for old, new in pairs
        ]


@pytest.mark.parametrize(
    ("price", "text"), [("4.10", "4.10"), ("-0.05", "-0.05"), ("0.00", "0.00"), ("1234567.89", "1234567.89")]
)
def test_a_decimal_as_text_has_all_its_digits(engine: Engine, things: Table, price: str, text: str) -> None:
    with transaction_scope(engine) as session:
        session.execute(insert(things).values(id=1, part=0, price=Decimal(price)))
        assert session.scalar(select(decimal_text(things.c.price))) == text


def test_a_row_that_is_there_is_updated_or_left_alone(engine: Engine, things: Table) -> None:
    with transaction_scope(engine) as session:
        for text in ("first", "second"):
            statement = insert_into(engine, things).values(id=1, part=0, text=text)
            session.execute(
                statement.on_conflict_do_update(index_elements=["id", "part"], set_={"text": text})
            )
        session.execute(
            insert_into(engine, things).values(id=1, part=0, text="third").on_conflict_do_nothing()
        )
        assert session.scalars(select(things.c.text)).all() == ["second"]


def test_no_row_is_compared_with_each_other_one_even_where_a_planner_expects_a_few(engine: Engine) -> None:
    joined = "SELECT * FROM one JOIN other ON lower(one.code) = lower(other.code)"
    with transaction_scope(engine) as session:

        def plan() -> str:
            return " ".join(session.scalars(text(f"EXPLAIN {joined}")))

        for name in ("one", "other"):
            session.execute(text(f"CREATE TEMPORARY TABLE {name} (code TEXT)"))
            session.execute(text(f"INSERT INTO {name} VALUES ('A')"))
        is_postgresql = engine.dialect.name == "postgresql"
        if is_postgresql:
            session.execute(text("ANALYZE one, other"))
            assert "Nested Loop" in plan()
        with joining_by_hash(session):
            assert session.execute(text(joined)).all() == [("A", "A")]
            assert not is_postgresql or "Nested Loop" not in plan()
        assert not is_postgresql or "Nested Loop" in plan()
