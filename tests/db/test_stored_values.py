"""Values that a column stores, the same on both databases, and stored ones that it cannot read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Boolean, Date, Engine, Integer, SmallInteger, String, Table, Text, select, text
from sqlalchemy.dialects import postgresql, sqlite

from batchbook.db import ExactDecimal, JSONValue, UTCDateTime
from batchbook.db.stored_values import raw_text, read_json, read_text, storable_values
from batchbook.db.transactions import transaction_scope

MOMENT = datetime(2026, 7, 1, 12, tzinfo=UTC)
EAST = MOMENT.astimezone(timezone(timedelta(hours=3)))


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("column_type", "given", "stored", "unfit"),
    [
        (Integer(), [1, None, "1", 2.0, 2.5, True], [1, None, None, 2, None, None], {2, 4, 5}),
        (SmallInteger(), [32767, 32768], [32767, None], {1}),
        (String(3), ["abc", "abcd", "a\x00", 7], ["abc", None, None, None], {1, 2, 3}),
        (Text(), ["a" * 5000], ["a" * 5000], set()),
        (Boolean(), [True, 0, 2, "yes"], [True, False, None, None], {2, 3}),
        (Date(), [date(2026, 1, 1), MOMENT, "2026-01-01"], [date(2026, 1, 1), None, None], {1, 2}),
        (UTCDateTime(), [MOMENT, EAST, MOMENT.replace(tzinfo=None)], [MOMENT, MOMENT, None], {2}),
        (
            ExactDecimal(5, 2),
            [Decimal("1.50"), 7, Decimal("1.234"), Decimal(1000), "1.5"],
            [Decimal("1.50"), Decimal(7), None, None, None],
            {2, 3, 4},
        ),
        (JSONValue, [{"a": [1]}, {1}, float("nan"), "a\x00"], [{"a": [1]}, None, None, None], {1, 2, 3}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, list | set) else "",
)
def test_only_what_means_the_same_is_stored(
    dialect: Any, column_type: Any, given: list[Any], stored: list[Any], unfit: set[int]
) -> None:
    found, problems = storable_values(column_type, given, dialect)
    assert list(found) == stored
    assert set(problems) == unfit
    assert all(problems.values())


def test_values_of_the_columns_own_type_are_given_back_as_they_are() -> None:
    for column_type, values in ((Integer(), [1, 2, None]), (String(5), ["a", "b"]), (Text(), [None, None])):
        found, problems = storable_values(column_type, values, sqlite.dialect())
        assert found is values
        assert problems == {}


@pytest.mark.parametrize(("value", "shown"), [(b"a\xff", "a\\xff"), (1.5, "1.5"), (None, "None")])
def test_any_value_has_a_text(value: Any, shown: str) -> None:
    assert raw_text(value) == shown


def test_a_number_of_thousands_of_digits_has_a_text_as_well() -> None:
    assert raw_text(16**5000) == f"0x1{'0' * 5000}"


def test_what_cannot_be_read_stays_as_it_is() -> None:
    assert read_json('{"a": 1}') == {"a": 1}
    assert read_json("{broken") == "{broken"
    assert read_text(b"ok") == "ok"
    assert read_text(b"\xff") == "\\xff"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_stored_value_of_another_type_does_not_keep_its_row_from_being_read(
    engine: Engine, things: Table
) -> None:
    with transaction_scope(engine) as session:
        session.execute(
            text(
                "INSERT INTO thing (id, part, price, day, flag, data) VALUES (1, 0, 'dear', 'soon', 'maybe', '{')"
            )
        )
        row = session.execute(select(things)).one()
    assert (row.price, row.day, row.flag, row.data) == ("dear", "soon", "maybe", "{")
