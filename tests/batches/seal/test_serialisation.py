"""The serialisation: lines of JSON that are the same on both databases, chunks at flat memory, digests of content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import URL, Engine, delete, insert
from tests.batches.attacked import Attacked, make_batches
from tests.batches.harness import snapshot

from batchbook.batches import Action
from batchbook.batches.models import Batch
from batchbook.batches.seal.parts import Section, sections_of
from batchbook.batches.seal.serialisation import chunks_of, content_digest, keys_of, runs_of
from batchbook.batches.seal.verification import Result, verify
from batchbook.db import Base
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Databases

from .alterations import found, with_all_rights


def lines(attacked: Attacked, batch_id: int) -> dict[str, list[str]]:
    with transaction_scope(attacked.engine, read_only=True) as session:
        batch = session.get_one(Batch, batch_id)
        return {
            section.table: [
                line.decode()
                for chunk in chunks_of(session.connection(), section, batch_id)
                for line in chunk.lines
            ]
            for section in sections_of(session, batch)
        }


def test_a_record_is_a_line_of_json_with_the_columns_in_order(attacked: Attacked) -> None:
    found = lines(attacked, attacked.frozen)["price_change_row"]
    assert len(found) == 3
    assert found[0].startswith(
        '{"batch_id":1,"sequence":1,"line":2,"item_code":"001","description":"Apples","size":"1 kg",'
    )
    assert found[0].endswith("}\n")
    first, last = json.loads(found[0]), json.loads(found[2])
    assert (first["new_price"], first["removed"], first["modified_at"]) == ("2.00", False, None)
    assert last["removed"] is True
    assert len(last["modified_at"]) == len("2026-01-01T00:00:00.000000Z")


def test_the_bytes_of_files_are_sealed_by_their_digest(attacked: Attacked) -> None:
    (chunk,) = map(json.loads, lines(attacked, attacked.frozen)["batch_file_chunk"])
    (file,) = map(json.loads, lines(attacked, attacked.frozen)["batch_file"])
    assert chunk["data"] == f"{file['size']}:{file['sha256']}"


def test_chunks_have_so_many_records_and_their_keys(attacked: Attacked) -> None:
    with transaction_scope(attacked.engine, read_only=True) as session:
        whole = next(
            one for one in sections_of(session, session.get_one(Batch, 1)) if one.table == "price_change_row"
        )
        section = Section(whole.part, whole.table, whole.columns, whole.key, whole.batch_column, chunk_rows=2)
        found = [*chunks_of(session.connection(), section, 1)]
    assert [chunk.keys for chunk in found] == [[(1,), (2,)], [(3,)]]
    assert [len(chunk.lines) for chunk in found] == [2, 1]
    assert json.loads(found[1].columns[1]) == [3]


@pytest.mark.parametrize(
    ("keys", "runs"),
    [
        ([(1,), (2,), (3,), (7,), (9,), (10,)], [[1, 3], [7, 1], [9, 2]]),
        ([(1, 0), (1, 1), (2, 2), (2, 3)], [[1, 0, 2], [2, 2, 2]]),
        ([()], [[1]]),
        ([], []),
    ],
)
def test_keys_are_kept_as_runs(keys: list[Any], runs: list[list[int]]) -> None:
    assert json.loads(runs_of(keys)) == runs
    assert keys_of(runs) == keys


def digest(attacked: Attacked) -> str:
    with transaction_scope(attacked.engine, read_only=True) as session:
        return content_digest(session, session.get_one(Batch, attacked.open))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE price_change_row SET new_price = new_price WHERE batch_id = {open}",
        "UPDATE batch SET state = 'complete', version = version + 1 WHERE id = {open}",
    ],
)
def test_the_digest_of_the_content_stays_with_the_content(attacked: Attacked, change: str) -> None:
    before = digest(attacked)
    attacked.raw(change)
    attacked.catalogue.run(attacked.open, Action.COMPLETE) if "price" in change else None
    assert digest(attacked) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE price_change_row SET new_price = 7 WHERE batch_id = {open} AND sequence = 2",
        "DELETE FROM price_change_row WHERE batch_id = {open} AND sequence = 2",
        "UPDATE batch SET notes = 'x' WHERE id = {open}",
        "UPDATE price_change SET warn_above = 7 WHERE id = {open}",
        "UPDATE batch_file SET name = 'x' WHERE batch_id = {open}",
        "UPDATE batch_file_chunk SET data = CAST('x' AS {bytes}) WHERE batch_id = {open}",
    ],
)
def test_every_change_of_the_content_changes_its_digest(attacked: Attacked, change: str) -> None:
    before = digest(attacked)
    kind = "BYTEA" if attacked.engine.dialect.name == "postgresql" else "BLOB"
    attacked.raw(change.replace("{bytes}", kind))
    assert digest(attacked) != before


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_batch_that_is_copied_to_the_other_database_is_as_sealed(
    databases: Databases, source: str, target: str
) -> None:
    with (
        databases.migrated(source, fill=(make_batches,)) as origin,
        databases.migrated(target) as destination,
        closing_engine(origin) as one,
        closing_engine(destination) as other,
    ):
        records = snapshot(one, Base.metadata)
        copied = [table for table in Base.metadata.sorted_tables if table.name in records]
        with with_all_rights(other) as session:
            for table in copied:
                columns = [column.name for column in table.columns]
                session.execute(delete(table))
                if records[table.name]:
                    session.execute(
                        insert(table), [dict(zip(columns, row, strict=True)) for row in records[table.name]]
                    )
            (verdict,) = verify(session)
            assert verdict.result is Result.AS_SEALED
            assert found(session) == []


@contextmanager
def closing_engine(url: URL) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()
