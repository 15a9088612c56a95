"""Verification: whatever is altered in an executed batch or in the chain is found, and named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from tests.batches.attacked import Attacked
from tests.batches.freeze.test_retention import executed_count

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
        with altered(session, "UPDATE tombstone SET purged_at = '2999-02-03 04:05:06.000000'"):
            (difference,) = found(session)
            assert (difference.columns, difference.what) == (("purged_at",), "is in the future")
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
