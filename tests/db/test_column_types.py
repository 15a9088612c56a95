from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Engine, Table, func, insert, literal, select
from sqlalchemy.exc import StatementError

from batchbook.db import ExactDecimal, UTCDateTime
from batchbook.db.transactions import transaction_scope

NOON = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)


def put(engine: Engine, things: Table, *rows: dict[str, object]) -> None:
    with transaction_scope(engine) as session:
        for number, row in enumerate(rows):
            session.execute(insert(things).values(id=number, part=0, **row))


def column(engine: Engine, things: Table, name: str) -> list[object]:
    with transaction_scope(engine, read_only=True) as session:
        return list(session.scalars(select(things.c[name]).order_by(things.c.id)))


def test_decimals_come_back_exactly_and_with_their_scale(engine: Engine, things: Table) -> None:
    values = [Decimal(text) for text in ("0.01", "-0.01", "4.9", "9999999999.99", "-9999999999.99", "0", "7")]
    put(engine, things, *({"price": value} for value in values))
    found = column(engine, things, "price")
    assert found == values
    assert [str(value) for value in found][2:7] == ["4.90", "9999999999.99", "-9999999999.99", "0.00", "7.00"]
    assert {type(value) for value in found} == {Decimal}


@pytest.mark.parametrize(
    "value", [Decimal("0.001"), Decimal(10**10), Decimal("-1e10"), Decimal("NaN"), Decimal("Infinity"), 0.1]
)
def test_decimals_that_do_not_fit_are_refused_not_rounded(
    engine: Engine, things: Table, value: Decimal
) -> None:
    with pytest.raises(
        StatementError, match="does not fit a decimal number of 12 digits with 2 after the decimal point"
    ):
        put(engine, things, {"price": value})
    assert column(engine, things, "price") == []


def test_decimals_compare_sort_and_add_exactly(engine: Engine, things: Table) -> None:
    put(engine, things, *({"price": Decimal(text)} for text in ("10.00", "9.99", "0.10", "0.20")))
    price = things.c.price
    with transaction_scope(engine, read_only=True) as session:
        ordered = session.scalars(select(price).order_by(price)).all()
        assert ordered == [Decimal("0.10"), Decimal("0.20"), Decimal("9.99"), Decimal("10.00")]
        assert session.scalar(select(func.count()).where(price > Decimal("9.99"))) == 1
        assert session.scalar(select(func.count()).where(price >= Decimal("9.99"))) == 2
        assert session.scalar(select(func.count()).where(price == 10)) == 1
        assert session.scalar(select(func.sum(price))) == Decimal("20.29")
        doubled = session.scalars(select(price * 2).order_by(things.c.id)).all()
        assert doubled == [Decimal("20.00"), Decimal("19.98"), Decimal("0.20"), Decimal("0.40")]
        more = session.scalars(select(price + Decimal("0.01")).order_by(things.c.id)).first()
        assert more == Decimal("10.01")


def test_a_factor_that_is_not_whole_is_refused_when_the_statement_is_written(things: Table) -> None:
    with pytest.raises(TypeError, match="whole numbers only"):
        _ = things.c.price * Decimal("1.5")


def test_moments_come_back_aware_and_in_utc(engine: Engine, things: Table) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    put(engine, things, {"moment": NOON}, {"moment": elsewhere}, {"moment": None})
    found = column(engine, things, "moment")
    assert found == [NOON, NOON, None]
    assert [moment.tzinfo for moment in found if isinstance(moment, datetime)] == [UTC, UTC]


def test_a_moment_without_a_zone_is_refused(engine: Engine, things: Table) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        put(engine, things, {"moment": NOON.replace(tzinfo=None)})
    assert column(engine, things, "moment") == []


def test_moments_compare_by_time_not_by_how_they_were_written(engine: Engine, things: Table) -> None:
    west = (NOON + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=-11)))
    put(engine, things, {"moment": west}, {"moment": NOON})
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(things.c.id).order_by(things.c.moment)).all() == [1, 0]
        after = select(things.c.id).where(things.c.moment > literal(NOON, UTCDateTime()))
        assert session.scalars(after).all() == [0]


@pytest.mark.parametrize(("precision", "scale"), [(19, 2), (4, 5), (4, -1)])
def test_what_sqlite_cannot_hold_exactly_is_refused_at_once(precision: int, scale: int) -> None:
    with pytest.raises(ValueError, match="at most 18 digits"):
        ExactDecimal(precision, scale)
