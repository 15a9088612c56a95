"""Canonical texts of values: the driver's values of both databases have the same, improper ones a text of their own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Float, LargeBinary, Numeric, Uuid
from sqlalchemy.dialects import postgresql, sqlite

from batchbook.batches.models import Batch, BatchFileChunk, CellChange
from batchbook.batches.rows.scope import table_of
from batchbook.batches.seal.values import Column, kind_of
from batchbook.types.price_change.models import PriceChangeRow

_UUID = UUID(int=7)

#: The kind, the token, and the values of drivers that have it.
SAME: list[tuple[str, str, list[Any]]] = [
    ("integer", "-7", [-7]),
    ("boolean", "true", [True, 1]),
    ("text", '"a\\n\\"ü\u2028"', ['a\n"ü\u2028']),
    ("decimal:2", '"4.99"', [499, Decimal("4.99")]),
    ("decimal:2", '"-0.05"', [-5, Decimal("-0.05")]),
    ("decimal:0", '"12"', [12, Decimal(12)]),
    ("decimal:8", '"0.00000001"', [1, Decimal("1E-8")]),
    ("numeric:2", '"1.50"', [1.5, Decimal("1.50")]),
    ("numeric", '"100"', [100.0, 100, Decimal("1E+2")]),
    ("number", "1.5", [1.5]),
    ("number", "100000000000000000000", [1e20]),
    ("date", '"2026-03-01"', ["2026-03-01", date(2026, 3, 1)]),
    ("time", '"10:00:00.000000"', ["10:00:00.000000", time(10)]),
    (
        "moment",
        '"2026-03-01T10:00:00.000000Z"',
        [
            "2026-03-01 10:00:00.000000",
            datetime(2026, 3, 1, 10, tzinfo=UTC),
            datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        ],
    ),
    ("datetime", '"2026-03-01T10:00:00.000000"', ["2026-03-01 10:00:00.000000", datetime(2026, 3, 1, 10)]),  # noqa: DTZ001
    ("json", '{"a":[1,null],"b":100000000000000000000}', ['{"b": 1e20, "a": [1.0, null]}']),
    ("json", '"\\ud800"', ['"\\ud800"']),
    ("bytes", '"AP8="', [b"\0\xff"]),
    ("digest", '"0:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"', [b""]),
    ("uuid", f'"{_UUID}"', [_UUID, _UUID.hex]),
]


@pytest.mark.parametrize(("kind", "token", "values"), SAME)
def test_a_value_has_one_token(kind: str, token: str, values: list[Any]) -> None:
    found = [Column("x", kind).tokens([value, None, value]) for value in values]
    escaped = [[token.encode(errors="backslashreplace").decode() for token in tokens] for tokens in found]
    assert escaped == [[token, "null", token]] * len(values)
    json.loads(token)


@pytest.mark.parametrize(
    ("kind", "proper", "improper"),
    [
        ("integer", 5, "5"),
        ("boolean", 1, "true"),
        ("boolean", 1, 2),
        ("text", "5", b"5"),
        ("decimal:2", 499, "4.99"),
        ("decimal:2", 499, 4.99),
        ("date", "2026-03-01", "2026-3-1"),
        ("moment", "2026-03-01 10:00:00.000000", "2026-03-01T10:00:00.000000Z"),
        ("json", None, "null"),
        ("json", "[]", "["),
        ("json", '{"a":2}', '{"a":1,"a":2}'),
        ("number", 1.5, "1.5"),
        ("bytes", b"x", "eA=="),
        ("digest", b"x", "x"),
        ("uuid", str(_UUID), "x"),
    ],
)
def test_an_improper_value_equals_no_proper_one(kind: str, proper: Any, improper: Any) -> None:
    one, other = Column("x", kind).tokens([proper, improper])
    assert one != other
    assert set(json.loads(other)) == {"stored", "value"}
    assert Column("x", kind).tokens([improper, improper]) == [other, other]


def test_values_that_python_calls_equal_keep_their_own_tokens() -> None:
    column = Column("x", "boolean")
    assert column.tokens([1, 1]) == ["true", "true"]
    assert json.loads(column.tokens([1.0])[0]) == {"stored": "number", "value": "1.0"}
    assert column.tokens([True]) == ["true"]


def test_kinds_follow_the_types_of_the_columns() -> None:
    dialects = (sqlite.dialect(), postgresql.dialect())
    for dialect in dialects:
        row, batch = table_of(PriceChangeRow).c, table_of(Batch).c
        assert kind_of(row.new_price.type, dialect) == "decimal:2"
        assert kind_of(row.removed.type, dialect) == "boolean"
        assert kind_of(row.issues.type, dialect) == "json"
        assert kind_of(batch.params.type, dialect) == "json"
        assert kind_of(batch.executed_at.type, dialect) == "moment"
        assert kind_of(table_of(CellChange).c.old.type, dialect) == "text"
        assert kind_of(table_of(BatchFileChunk).c.data.type, dialect) == "bytes"
        kinds = [
            kind_of(found, dialect) for found in (Float(), Numeric(10, 3), Numeric(), LargeBinary(), Uuid())
        ]
        assert kinds == ["number", "numeric:3", "numeric", "bytes", "uuid"]
