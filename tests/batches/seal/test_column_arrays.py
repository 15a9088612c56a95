"""Columns as arrays: the lines are those that are made of the cells one by one, whatever the cells have."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update
from tests.batches.attacked import Attacked

from batchbook.batches.models import Batch
from batchbook.batches.seal.column_arrays import ColumnArrays
from batchbook.batches.seal.parts import Section, sections_of
from batchbook.batches.seal.serialisation import Chunk, chunks_of, read_chunks
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow

TEXTS = [
    'a","b',
    ",",
    "",
    '"',
    "\\",
    "null",
    "[1,2]",
    "\u2028\x01\x1f\x7f\n\t\r\b\f",
    "äö€😀",
    'x\\","',
    "%s %d %%",
    # A chunk of four with quotation marks, which is taken apart as it is.
    'x",',
    ',"',
    '","',
    '{"a":"1","b":"2"}',
]


def rows_of(session: Any, batch_id: int) -> Section:
    sections = sections_of(session, session.get_one(Batch, batch_id))
    return next(section for section in sections if section.table == "price_change_row")


def facts(chunk: Chunk) -> tuple[Any, ...]:
    return chunk.position, chunk.keys, chunk.lines, chunk.columns, chunk.digest


@pytest.fixture
def odd(attacked: Attacked) -> Attacked:
    """An open batch with odd texts, negative and missing numbers, JSON, and moments."""
    issue = {"field": "size", "code": "x", "severity": "error", "message": 'Ü "1e5"', "raw": None}
    with transaction_scope(attacked.engine) as session:
        session.execute(
            insert(PriceChangeRow),
            [
                {
                    "batch_id": attacked.open,
                    "sequence": 10 + number,
                    "item_code": f"{number:03d}",
                    "description": text,
                    "size": text if number % 2 else None,
                    "new_price": Decimal(number - 5) / 100 if number % 3 else None,
                    "issues": [issue] if number % 4 == 0 else None,
                    "modified_at": datetime(2026, 1, number + 1, 5, 6, 7, 89, tzinfo=UTC)
                    if number % 5
                    else None,
                    "removed": number % 2 == 0,
                }
                for number, text in enumerate(TEXTS)
            ],
        )
        own = update(PriceChangeRow).where(PriceChangeRow.batch_id == attacked.open)
        session.execute(own.values(product="same, in all"))
    return attacked


@pytest.mark.parametrize("size", [1, 2, 4, 1_000])
def test_both_ways_make_the_same_chunks(odd: Attacked, size: int) -> None:
    with transaction_scope(odd.engine, read_only=True) as session:
        whole = rows_of(session, odd.open)
        section = Section(whole.part, whole.table, whole.columns, whole.key, whole.batch_column, size)
        assert ColumnArrays(session.connection(), section, odd.open).are_possible
        arrays = [facts(chunk) for chunk in chunks_of(session.connection(), section, odd.open)]
        cells = [facts(chunk) for chunk in read_chunks(session.connection(), section, odd.open)]
    assert arrays == cells
    assert sum(len(lines) for _, _, lines, *_ in arrays) == 3 + len(TEXTS)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE price_change_row SET description = x'ff00' WHERE sequence = 12",
        "UPDATE price_change_row SET line = 1.5 WHERE sequence = 12",
        "UPDATE price_change_row SET new_price = 'cheap' WHERE sequence = 12",
        "UPDATE price_change_row SET removed = 'no' WHERE sequence = 12",
    ],
)
def test_what_arrays_would_change_is_fetched_cell_by_cell(odd: Attacked, change: str) -> None:
    odd.raw(change)
    with transaction_scope(odd.engine, read_only=True) as session:
        whole = rows_of(session, odd.open)
        section = Section(whole.part, whole.table, whole.columns, whole.key, whole.batch_column, 4)
        arrays = [facts(chunk) for chunk in chunks_of(session.connection(), section, odd.open)]
        cells = [facts(chunk) for chunk in read_chunks(session.connection(), section, odd.open)]
        assert arrays == cells
        assert ColumnArrays(session.connection(), section, odd.open).read((9,)) is None
