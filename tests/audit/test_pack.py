"""The pack: its files, what it has of a batch, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from sqlalchemy import Engine, text
from tests.batches.attacked import FILE

from batchbook.batches.freeze import unfreeze_table
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .conftest import pack_of


def test_a_pack_has_everything_of_a_batch(packed: bytes) -> None:
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert archive.testzip() is None
    facts = json.loads(archive.read("pack.json"))
    assert [(one["batch"], one["seal"], one["title"]) for one in facts["batches"]] == [
        (1, 1, "Price change"),
        (2, 2, "Price change"),
    ]
    assert facts["batches"][0]["versions"]["handler"].endswith("PriceChangeHandler")
    folder = "batch-00000001"
    assert archive.read(f"{folder}/files/0001-list.csv").decode() == FILE
    rows = [json.loads(line) for line in archive.read(f"{folder}/rows.price_change_row.jsonl").splitlines()]
    table = list(
        csv.DictReader(io.StringIO(archive.read(f"{folder}/rows.price_change_row.csv").decode("utf-8-sig")))
    )
    assert [row["new_price"] for row in rows] == ["2.00", "0.50", "1.00"]
    assert [row["new_price"] for row in table] == ["2.00", "0.50", "1.00"]
    kinds = [
        json.loads(line)["kind"] for line in archive.read(f"{folder}/operations.operation.jsonl").splitlines()
    ]
    assert kinds[-1] == "execute"
    (cell, *_) = archive.read(f"{folder}/cells.cell_change.jsonl").splitlines()
    assert json.loads(cell)["field"] == "new_price"
    before_and_after = [
        (one["old_price"], one["new_price"])
        for one in map(json.loads, archive.read(f"{folder}/effects.price_history.jsonl").splitlines())
    ]
    assert ("1.00", "2.00") in before_and_after
    assert b"verify.py" in archive.read("README.txt")
    assert len(archive.read("chain.jsonl").splitlines()) == 2
    listed = {line.split("  ", 1)[1] for line in archive.read("manifest.txt").decode().splitlines()}
    assert listed == {*archive.namelist()} - {"manifest.txt"}


def test_a_batch_without_a_seal_has_no_pack(two_executed: None, engine: Engine) -> None:
    with transaction_scope(engine) as session:
        if engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            unfreeze_table(session.connection(), "seal")
        session.execute(text("DELETE FROM seal WHERE batch_id = 2"))
    with pytest.raises(Conflict, match="“00000002” of 2 batches have no seal"):
        pack_of(engine, 1, 2)
