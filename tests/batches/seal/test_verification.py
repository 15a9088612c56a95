"""Verification: whatever is altered in an executed batch or in the chain is found, and named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, insert, select
from tests.batches.attacked import Attacked
from tests.batches.editing.undoing import fill
from tests.batches.freeze.test_retention import executed_count
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.cell_chunks import CellChunk, StoredCell, packed_cells
from batchbook.batches.models import CellChange
from batchbook.batches.retention.purge import purge_batch
from batchbook.batches.seal.chain import digest_of_manifest, verify_chain
from batchbook.batches.seal.models import Seal
from batchbook.batches.seal.verification import Result, Verdict, verify, verify_batch
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Missing

from .alterations import altered, assert_each_alteration_is_named, found, with_all_rights


def verdicts(sealed: Attacked, *numbers: int) -> list[Verdict]:
    with transaction_scope(sealed.engine, read_only=True) as session:
        return [*verify(session, numbers or None)]


def test_what_nobody_altered_is_as_sealed(sealed: Attacked) -> None:
    assert [(one.batch_id, one.result) for one in verdicts(sealed)] == [
        (sealed.frozen, Result.AS_SEALED),
        (sealed.open, Result.AS_SEALED),
    ]
    assert [one.batch_id for one in verdicts(sealed, sealed.open)] == [sealed.open]


def test_each_altered_column_and_record_of_each_table_is_named(sealed: Attacked) -> None:
    with with_all_rights(sealed.engine) as session:
        assert assert_each_alteration_is_named(session, sealed.frozen) > 70


def test_two_batches_that_changed_places_are_found(sealed: Attacked) -> None:
    tables = {"batch": "id", "price_change": "id", "price_change_row": "batch_id", "batch_file": "batch_id",
              "batch_file_chunk": "batch_id", "operation": "batch_id", "cell_change": "batch_id"}  # fmt: skip
    swaps = [
        f"UPDATE {table} SET {column} = {new} WHERE {column} = {old}"
        for table, column in tables.items()
        for old, new in ((1, 99), (2, 1), (99, 2))
    ]
    with with_all_rights(sealed.engine) as session, altered(session, *swaps):
        assert [one.sentence for one in found(session)] == [
            "Batch 00000001, seal 1, table batch, its record: is that of batch 00000002: the two were swapped.",
            "Batch 00000002, seal 2, table batch, its record: is that of batch 00000001: the two were swapped.",
        ]


def test_a_chain_that_was_cut_is_found_by_the_batches_without_seals(sealed: Attacked) -> None:
    with with_all_rights(sealed.engine) as session:
        with altered(session, "DELETE FROM seal WHERE number = 2"):
            (cut, unsealed) = found(session)
            what = "its seal is missing, although it was sealed; the chain ends with seal 1"
            assert (cut.batch_id, cut.what) == (2, what)
            assert (unsealed.batch_id, unsealed.what) == (2, "the seal of the batch is missing")
        with altered(session, "DELETE FROM seal WHERE number = 1"):
            assert "seal 1 is missing" in {one.what for one in found(session)}
        with altered(session, "DELETE FROM seal"):
            assert {one.batch_id for one in verify_chain(session)} == {1, 2}
        with altered(session, "DELETE FROM seal", "DELETE FROM seal_chunk"):
            results = [one.result for one in verify(session)]
            assert results == [Result.UNSEALED, Result.UNSEALED]


def test_a_table_that_was_not_sealed_must_have_no_records(sealed: Attacked) -> None:
    own = "DELETE FROM seal_chunk WHERE batch_id = 1 AND table_name = 'cell_change'"
    with with_all_rights(sealed.engine) as session, altered(session, own):
        seal = session.scalars(select(Seal).where(Seal.batch_id == 1)).one()
        part = seal.manifest.index(',{"name":"cells"')
        seal.manifest = f"{seal.manifest[:part]}]}}\n"
        seal.digest = digest_of_manifest(seal.manifest)
        session.flush()
        verdict = verify_batch(session, seal)
        assert verdict.difference is not None
        assert (verdict.difference.table, verdict.difference.what) == (
            "cell_change",
            "none of its records were sealed",
        )


def _packed(harness: BatchHarness) -> int:
    """Return the number of an executed batch with 240 packed cells, in three chunks."""
    lines = "".join(f"{number:05},{number},\n" for number in range(240))
    batch_id = harness.open(f"item,counted,remark\n{lines}", shelf="A")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("batchbook.batches.cell_chunks.CHUNK_CELLS", 100)
        fill(harness, batch_id, {number: {"remark": f"R{number}"} for number in range(1, 241)})
    harness.edit(batch_id, 5, remark="alone")
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    return batch_id


def test_packed_cells_are_sealed_as_if_they_were_not_packed(harness: BatchHarness) -> None:
    batch_id = _packed(harness)
    unpacked = [
        {"batch_id": cell[0], "operation": cell[1], "position": cell[2], "sequence": cell[3], "field": cell[4],
         "old": cell[5], "new": cell[6]}
        for cell in _packed_cells(harness, batch_id)
    ]  # fmt: skip
    with with_all_rights(harness.database) as session:
        assert found(session) == []
        session.execute(delete(CellChunk))
        session.execute(insert(CellChange), unpacked)
        assert found(session) == []


def _packed_cells(harness: BatchHarness, batch_id: int) -> list[StoredCell]:
    with transaction_scope(harness.database, read_only=True) as session:
        return [*packed_cells(session.connection(), batch_id)]


@pytest.mark.parametrize(
    ("alteration", "record", "columns", "what"),
    [
        ("data = replace(data, 'R150', 'X150')", "operation 3 position 149", ("new",), "was changed"),
        ("data = replace(data, '[150,', '[151,')", "operation 3 position 149", ("sequence",), "was changed"),
        ("data = replace(data, '[150,\"remark\"', '[150,\"counted\"')", "operation 3 position 149", ("field",), "was changed"),
        ("data = 'x'", "operation 3 position 100", (), "is missing"),
        ("cells = cells + 1", "operation 3 position 100", (), "is missing"),
        ("first_sequence = 1", "operation 3 position 100", (), "is missing"),
        ("last_sequence = 150", "operation 3 position 100", (), "is missing"),
        ("position = 1000", "operation 3 position 100", (), "is missing"),
        ("operation = 2", "operation 2 position 100", (), "was added"),
        ("batch_id = 99", "operation 3 position 100", (), "is missing"),
        (None, "operation 3 position 100", (), "is missing"),
    ],
)  # fmt: skip
def test_each_alteration_of_packed_cells_is_named(
    harness: BatchHarness, alteration: str | None, record: str, columns: tuple[str, ...], what: str
) -> None:
    batch_id = _packed(harness)
    statement = f"UPDATE cell_chunk SET {alteration}" if alteration else "DELETE FROM cell_chunk"
    where = f"WHERE batch_id = {batch_id} AND position = 100"
    with with_all_rights(harness.database) as session, altered(session, f"{statement} {where}"):
        (difference,) = found(session)
        assert (difference.table, difference.record) == ("cell_change", record)
        assert (difference.columns, difference.what) == (columns, what)


def test_packed_cells_that_are_added_or_gone_altogether_are_found(harness: BatchHarness) -> None:
    _packed(harness)
    again = (
        "INSERT INTO cell_chunk SELECT batch_id, operation, 240, cells, first_sequence, last_sequence, data"
        " FROM cell_chunk WHERE position = 200"
    )
    with with_all_rights(harness.database) as session:
        with altered(session, again):
            (difference,) = found(session)
            assert (difference.table, difference.what) == ("cell_change", "was added")
            assert difference.record == "operation 3 position 240"
        with altered(session, "ALTER TABLE cell_chunk RENAME TO elsewhere"):
            (difference,) = found(session)
            assert (difference.table, difference.what) == ("cell_chunk", "the whole table is missing")


def test_a_batch_that_was_executed_before_there_were_seals_is_told_as_unsealed(sealed: Attacked) -> None:
    everything = ("DELETE FROM seal", "DELETE FROM seal_chunk")
    with with_all_rights(sealed.engine) as session, altered(session, *everything):
        assert [one.result for one in verify(session, [sealed.frozen])] == [Result.UNSEALED]


def test_a_purged_batch_is_told_by_its_tombstone(engine: Engine) -> None:
    harness, number = executed_count(engine, timedelta(seconds=-1))
    with transaction_scope(engine, acted_by="command") as session:
        purge_batch(session, harness.types, number, "admin")
    with with_all_rights(engine) as session:
        (verdict,) = verify(session)
        assert (verdict.result, verdict.difference) == (Result.PURGED, None)
        assert verdict.seal is not None
        assert verdict.tombstone is not None
        assert (verdict.tombstone.purged_by, verdict.tombstone.acted_by) == ("admin", "command")
        for name in ("rows", "operations", "cells", "files", "seal"):
            with altered(session, f"UPDATE tombstone SET {name} = {name} + 7"):
                differences = {(one.table, one.columns, one.what) for one in found(session)}
                assert ("tombstone", (name,), "does not match the seal") in differences
        with altered(session, "UPDATE tombstone SET purged_at = '2001-02-03 04:05:06.000000'"):
            (difference,) = found(session)
            assert (difference.columns, difference.what) == (
                ("purged_at",),
                "is before the end of the retention",
            )
        with altered(session, "DELETE FROM tombstone"):
            (difference,) = found(session)
            assert (difference.table, difference.what) == ("batch", "is missing")
        with altered(session, "DELETE FROM seal", "DELETE FROM seal_chunk"):
            (difference,) = found(session)
            assert difference.sentence == (
                "Batch 00000001, table seal: its seal is missing, although it was sealed; the chain ends with seal 0."
            )


def test_what_was_never_executed_cannot_be_verified(attacked: Attacked) -> None:
    with pytest.raises(Missing, match="nothing to verify"):
        verdicts(attacked, attacked.open)
