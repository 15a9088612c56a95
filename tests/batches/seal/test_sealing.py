"""Sealing: the execution writes the next link of the chain, and a stranger can recompute it from the database."""

from __future__ import annotations

import hashlib
import json
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.batches.attacked import Attacked
from tests.batches.harness import BatchHarness, stock

from batchbook.batches import Action
from batchbook.batches.freeze import RECORD_MESSAGE
from batchbook.batches.seal.chain import GENESIS
from batchbook.batches.seal.models import Seal, SealChunk
from batchbook.db.transactions import transaction_scope

INSERT = "INSERT INTO seal (number, batch_id, type, sealed_at, previous, digest, manifest)"


def seals(engine: Engine) -> list[Seal]:
    with transaction_scope(engine, read_only=True) as session:
        return [*session.scalars(select(Seal).order_by(Seal.number))]


def chunks(engine: Engine, batch_id: int) -> dict[str, list[SealChunk]]:
    found: dict[str, list[SealChunk]] = {}
    with transaction_scope(engine, read_only=True) as session:
        for chunk in session.scalars(select(SealChunk).where(SealChunk.batch_id == batch_id)):
            found.setdefault(chunk.table_name, []).append(chunk)
    return found


def tables(seal: Seal) -> dict[str, Any]:
    parts = json.loads(seal.manifest)["parts"]
    return {table["name"]: table for part in parts for table in part["tables"]}


def test_an_execution_adds_a_link_to_the_chain(attacked: Attacked) -> None:
    attacked.catalogue.run(attacked.open, Action.COMPLETE, Action.EXECUTE)
    first, second = seals(attacked.engine)
    assert [(first.number, first.batch_id), (second.number, second.batch_id)] == [
        (1, attacked.frozen),
        (2, attacked.open),
    ]
    assert (first.previous, second.previous) == (GENESIS, first.digest)
    for seal in (first, second):
        assert seal.digest == hashlib.sha256(seal.manifest.encode()).hexdigest()
        manifest = json.loads(seal.manifest)
        assert (manifest["number"], manifest["batch"]) == (seal.number, seal.batch_id)
        assert (manifest["type"], manifest["previous"]) == ("price_change", seal.previous)
        assert manifest["late"] is False
        assert manifest["versions"]["handler"].endswith("PriceChangeHandler")


def test_every_table_of_a_batch_is_sealed_with_all_its_columns(attacked: Attacked) -> None:
    (seal,) = seals(attacked.engine)
    sealed = tables(seal)
    everything = attacked.all()
    names = [
        "batch",
        "price_change",
        "price_change_row",
        "batch_file",
        "batch_file_chunk",
        "operation",
        "cell_change",
        "batch_approval",
        "batch_comment",
        "batch_effect",
    ]
    assert [*sealed] == names
    for name in names:
        key = "id" if name in ("batch", "price_change") else "batch_id"
        header = [column for column, _kind in sealed[name]["columns"]]
        records = [row for row in everything[name] if row[header.index(key)] == attacked.frozen]
        assert sealed[name]["rows"] == len(records), name
        assert records, name
    assert ["new_price", "decimal:2"] in sealed["price_change_row"]["columns"]
    stored = chunks(attacked.engine, attacked.frozen)
    for name, found in stored.items():
        together = b"".join(bytes.fromhex(chunk.digest) for chunk in found)
        assert sealed[name]["digest"] == hashlib.sha256(together).hexdigest()


def test_what_is_not_executed_has_no_seal(attacked: Attacked) -> None:
    attacked.catalogue.run(attacked.open, Action.COMPLETE)
    assert [seal.batch_id for seal in seals(attacked.engine)] == [attacked.frozen]


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE seal SET digest = previous",
        "DELETE FROM seal",
        "DELETE FROM seal_chunk WHERE batch_id = {frozen}",
        "UPDATE seal_chunk SET rows = 1",
        f"{INSERT} SELECT 2, {{open}}, type, sealed_at, digest, digest, manifest FROM seal",
    ],
)
def test_seals_are_append_only(attacked: Attacked, attack: str) -> None:
    attacked.refused(attack, RECORD_MESSAGE)


def test_a_batch_is_sealed_once(attacked: Attacked) -> None:
    again = f"{INSERT} SELECT 2, batch_id, type, sealed_at, digest, digest, manifest FROM seal"
    attacked.refused(again, f"{RECORD_MESSAGE}|violates|constraint failed")


def test_executions_at_the_same_time_make_one_chain(harness: BatchHarness) -> None:
    stock(harness.database, ("001", 1))
    batches = [harness.open("item,counted,remark\n001,2,\n", shelf=shelf) for shelf in "ABC"]
    for batch_id in batches:
        harness.run(batch_id, Action.COMPLETE)
    failures: list[BaseException] = []

    def execute(batch_id: int) -> None:
        try:
            harness.run(batch_id, Action.EXECUTE)
        except Exception as error:  # noqa: BLE001 - A thread's error would be lost.
            failures.append(error)

    threads = [Thread(target=execute, args=(batch_id,)) for batch_id in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    chain = seals(harness.database)
    assert [seal.number for seal in chain] == [1, 2, 3]
    assert [seal.previous for seal in chain] == [GENESIS, *(seal.digest for seal in chain[:-1])]
