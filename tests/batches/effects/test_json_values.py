from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from batchbook.batches.effects.json_values import json_value
from batchbook.db import ExactDecimal, UTCDateTime
from batchbook.db.transactions import transaction_scope

HOSTILE = 'A "quoted"\\text\n\twith \x01, \x7f, </script> and ü€😀'
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 600, UTC)
VALUES: list[tuple[TypeEngine[Any], Any, str]] = [
    (Integer(), -12, "-12"),
    (Integer(), None, "null"),
    (Boolean(), True, "true"),
    (Boolean(), False, "false"),
    (Boolean(), None, "null"),
    (String(), HOSTILE, json.dumps(HOSTILE, ensure_ascii=False)),
    (String(), "", '""'),
    (String(), None, "null"),
    (ExactDecimal(12, 2), Decimal("-0.05"), '"-0.05"'),
    (ExactDecimal(12, 2), Decimal("1234.50"), '"1234.50"'),
    (ExactDecimal(18, 4), Decimal("99999999999999.9999"), '"99999999999999.9999"'),
    (ExactDecimal(12, 0), Decimal(7), '"7"'),
    (ExactDecimal(12, 2), None, "null"),
    (Date(), date(2026, 1, 2), '"2026-01-02"'),
    (UTCDateTime(), MOMENT, '"2026-01-02T03:04:05.000600+00:00"'),
    (UTCDateTime(), None, "null"),
    (JSON(), [1], '"[1]"'),
]


@pytest.fixture
def table(engine: Engine) -> Table:
    columns = [Column(f"c{number}", kind) for number, (kind, *_) in enumerate(VALUES)]
    table = Table("anything", MetaData(), *columns)
    with transaction_scope(engine) as session:
        table.create(session.connection())
    return table


def test_both_databases_make_the_same_texts(engine: Engine, table: Table) -> None:
    values = {f"c{number}": value for number, (_, value, _) in enumerate(VALUES)}
    with transaction_scope(engine) as session:
        session.execute(insert(table).values(values))
        tokens = [json_value(column, engine.dialect.name) for column in table.columns]
        assert [*session.execute(select(*tokens)).one()] == [expected for *_, expected in VALUES]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_a_column_cannot_have_is_kept_as_its_text(engine: Engine, table: Table) -> None:
    with transaction_scope(engine) as session:
        for value, expected in (("'a \"b'", '"a \\"b"'), ("x'61'", '"a"'), ("1.5", None)):
            session.execute(text("DELETE FROM anything"))
            names = ", ".join(column.name for column in table.columns)
            given = ", ".join([value] * len(table.columns))
            session.execute(text(f"INSERT INTO anything ({names}) VALUES ({given})"))
            tokens = [json_value(column, "sqlite") for column in table.columns]
            for found, (kind, *_) in zip(session.execute(select(*tokens)).one(), VALUES, strict=True):
                json.loads(found)
                if expected and not isinstance(kind, UTCDateTime):
                    assert found == expected
