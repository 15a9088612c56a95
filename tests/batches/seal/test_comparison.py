"""Comparison: the record and the columns that differ are located, wherever in a chunk they are."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.batches.attacked import Attacked
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.seal.models import SealChunk

from .alterations import altered, changed, found, with_all_rights


def test_each_altered_column_of_the_chunks_is_named(sealed: Attacked) -> None:
    own = f"batch_id = {sealed.frozen} AND table_name = 'price_change_row'"
    with with_all_rights(sealed.engine) as session:
        for column, kind in (
            ("position", "integer"), ("rows", "integer"), ("digest", "text"), ("keys", "text"),
            ("row_digests", "bytes"), ("column_digests", "bytes"),
        ):  # fmt: skip
            with altered(
                session, f"UPDATE seal_chunk SET {column} = {changed(session, column, kind)} WHERE {own}"
            ):
                (difference,) = found(session)
                assert (difference.table, difference.columns) == ("seal_chunk", (column,)), column
        for statement, what in (
            (f"DELETE FROM seal_chunk WHERE {own}", "is missing"),
            (f"UPDATE seal_chunk SET batch_id = 99 WHERE {own}", "is missing"),
            (f"UPDATE seal_chunk SET table_name = 'other' WHERE {own}", "is missing"),
        ):
            with altered(session, statement):
                *_, difference = found(session)  # Digests of no sealed batch are a difference, too.
                assert (difference.table, difference.what) == ("seal_chunk", what)


def test_two_rows_that_changed_places_are_found(sealed: Attacked) -> None:
    place = "UPDATE price_change_row SET sequence = {1} WHERE batch_id = 1 AND sequence = {0}"
    swaps = [place.format(1, 100), place.format(2, 1), place.format(100, 2)]
    with with_all_rights(sealed.engine) as session, altered(session, *swaps):
        (difference,) = found(session)
        assert (difference.table, difference.record) == ("price_change_row", "sequence 1")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_texts_where_numbers_belong_are_found(sealed: Attacked) -> None:
    with with_all_rights(sealed.engine) as session:
        for column, value in (
            ("new_price", "'2.00'"),
            ("removed", "'x'"),
            ("sequence", "'x'"),
            ("item_code", "x'ff'"),
        ):
            with altered(
                session, f"UPDATE price_change_row SET {column} = {value} WHERE batch_id = 1 AND sequence = 1"
            ):
                (difference,) = found(session)
                assert difference.record == "sequence 1"


def test_rows_are_located_across_chunks(harness: BatchHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is missing draws the first row of the next chunk into its own."""
    monkeypatch.setattr("batchbook.batches.seal.parts.CHUNK_ROWS", 3)
    rows = "".join(f"{number:03d},2,\n" for number in range(1, 9))
    batch_id = harness.open(f"item,counted,remark\n{rows}", shelf="A")
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    with with_all_rights(harness.database) as session:
        chunks = session.scalars(
            select(SealChunk.rows).where(SealChunk.table_name == "shelf_count_row")
        ).all()
        assert chunks == [3, 3, 2]
        assert found(session) == []
        for statement, where in (
            ("DELETE FROM shelf_count_row WHERE sequence = 5", ("sequence 5", "is missing")),
            ("DELETE FROM shelf_count_row WHERE sequence = 8", ("sequence 8", "is missing")),
            ("UPDATE shelf_count_row SET counted = 9 WHERE sequence = 6", ("sequence 6", "was changed")),
            ("UPDATE shelf_count_row SET counted = 9 WHERE sequence > 5", ("sequence 6", "was changed")),
        ):
            with altered(session, statement):
                (difference,) = found(session)
                assert (difference.record, difference.what) == where
