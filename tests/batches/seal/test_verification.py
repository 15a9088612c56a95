"""Verification: whatever is altered in an executed batch or in the chain is found, and named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.batches.attacked import Attacked
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.seal.chain import digest_of_manifest
from batchbook.batches.seal.models import Seal
from batchbook.batches.seal.verification import Result, Verdict, verify, verify_batch
from batchbook.db import utc_now
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
        assert {(one.batch_id, one.table) for one in found(session)} == {(1, "batch"), (2, "batch")}


def test_a_chain_that_was_cut_is_found_by_the_batches_without_seals(sealed: Attacked) -> None:
    with with_all_rights(sealed.engine) as session:
        with altered(session, "DELETE FROM seal WHERE number = 2"):
            (difference,) = found(session)
            assert (difference.batch_id, difference.what) == (2, "the seal of the batch is missing")
        with altered(session, "DELETE FROM seal WHERE number = 1"):
            assert "seal 1 is missing" in {one.what for one in found(session)}
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


def test_a_batch_that_was_executed_before_there_were_seals_is_told_as_unsealed(sealed: Attacked) -> None:
    everything = ("DELETE FROM seal", "DELETE FROM seal_chunk")
    with with_all_rights(sealed.engine) as session, altered(session, *everything):
        assert [one.result for one in verify(session, [sealed.frozen])] == [Result.UNSEALED]


def test_a_batch_is_not_found_missing_after_its_retention(harness: BatchHarness) -> None:
    batch_id = harness.open("item,counted,remark\n001,2,\n", shelf="A")
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    gone = [
        f"DELETE FROM {table} WHERE {column} = {batch_id}"
        for table, column in (("shelf_count_row", "batch_id"), ("shelf_count", "id"), ("batch", "id"))
    ]
    with with_all_rights(harness.database) as session:
        with altered(session, *gone):
            (verdict,) = verify(session)
            assert verdict.result is Result.DIFFERS
        with altered(session, *gone), pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "batchbook.batches.seal.verification.utc_now", lambda: utc_now() + timedelta(days=31)
            )
            (verdict,) = verify(session)
            assert verdict.result is Result.PURGED


def test_what_was_never_executed_cannot_be_verified(attacked: Attacked) -> None:
    with pytest.raises(Missing, match="nothing to verify"):
        verdicts(attacked, attacked.open)
