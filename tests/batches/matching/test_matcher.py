"""Rows are matched, all with a code or one of them, and matches are taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from tests.batches.harness import BatchHarness
from tests.functional.harness import CatalogueDatabase

from batchbook.batches import Action
from batchbook.batches.editing import Undoer, UndoResult
from batchbook.batches.matching.matcher import Matcher, MatchResult
from batchbook.catalog.models import Product, ProductMatch
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict, Missing

LIST = "item_code,description,size,price\nM-77,OATS,,4.10\nM-79,OATS,,4.20\nM-78,ROLL,,1.00\n000000011,RYE,,2.20\n"
#: A later list of the same vendor.
LATER = "item_code,description,size,price\nM-77,OATS,,4.10\n"


@pytest.fixture
def batch_id(harness: BatchHarness) -> int:
    """A list of V1 with three unknown codes and one that is known."""
    return harness.open(LIST, vendor_code="V1")


@pytest.fixture
def match(harness: BatchHarness, batch_id: int) -> Callable[..., MatchResult]:
    """Matches rows of the batch."""

    def run(*arguments: Any) -> MatchResult:
        with harness.engine() as engine:
            return Matcher(engine).match(batch_id, *arguments)

    return run


def codes(harness: BatchHarness, batch_id: int) -> list[str]:
    return [row.item_code for row in harness.rows(batch_id)[:3]]


def test_all_rows_with_a_code_are_matched(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    result = match("M-77", "000000021")
    assert result.message == (
        "Matched 1 row with the item code “M-77” with product 000000021."
        " The next list of vendor V1 with “M-77” is matched by itself."
    )
    assert codes(harness, batch_id) == ["000000021", "M-79", "M-78"]
    kind, _, _, cells = harness.operations(batch_id)[-1]
    assert (kind, cells) == ("match", 1)


def test_rows_with_a_known_code_or_a_duplicate_are_not_matched(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult], catalogue: CatalogueDatabase
) -> None:
    with pytest.raises(Conflict, match="No row has the unknown item code “000000011” any more"):
        match("000000011", "000000021")
    harness.edit(batch_id, 2, item_code="M-77")
    with pytest.raises(Conflict, match="No row has the unknown item code “M-77” any more"):
        match("M-77", "000000021", 2)
    assert codes(harness, batch_id) == ["M-77", "M-77", "M-78"]
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(ProductMatch)) == 0


def test_what_cannot_be_matched_is_refused(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    with pytest.raises(Missing, match="There is no product with the item code “none”"):
        match("M-77", "none")
    with pytest.raises(Conflict, match="No row has the unknown item code “gone” any more"):
        match("gone", "000000021")
    with pytest.raises(Conflict, match="No row has the unknown item code “M-77” any more"):
        match("M-77", "000000021", 3)
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict, match="marked complete"):
        match("M-77", "000000021")
    assert codes(harness, batch_id) == ["M-77", "M-79", "M-78"]


def test_a_batch_without_a_vendor_remembers_nothing(
    catalogue: CatalogueDatabase, harness: BatchHarness
) -> None:
    batch_id = harness.open(LIST)
    with harness.engine() as engine:
        result = Matcher(engine).match(batch_id, "M-78", "000000021")
    assert result.message.endswith("It is not remembered, because the batch names no vendor.")
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(ProductMatch)) == 0


def test_a_row_whose_match_is_gone_is_matched_again_and_keeps_the_code_of_the_list(
    catalogue: CatalogueDatabase, harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    match("M-78", "000000099")
    with transaction_scope(catalogue.engine) as session:
        session.execute(delete(Product).where(Product.item_code == "000000099"))
    harness.run(batch_id, Action.REFRESH)
    match("000000099", "000000013")
    row = harness.rows(batch_id)[2]
    assert (row.item_code, row.listed_key) == ("000000013", "M-78")
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert session.scalars(select(ProductMatch.key)).all() == ["M-78"]


def test_a_match_is_taken_back(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    match("M-77", "000000021")
    with harness.engine() as engine:
        assert Matcher(engine).undo(batch_id, "M-77").rows == 1
    assert codes(harness, batch_id) == ["M-77", "M-79", "M-78"]
    with harness.engine() as engine, pytest.raises(Conflict, match="No row was matched from “M-77” any more"):
        Matcher(engine).undo(batch_id, "M-77")


def test_a_row_that_was_corrected_after_its_match_keeps_its_code(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    match("M-77", "000000021")
    harness.edit(batch_id, 1, item_code="000000013")
    with harness.engine() as engine, pytest.raises(Conflict, match="No row was matched from “M-77” any more"):
        Matcher(engine).undo(batch_id, "M-77")
    assert codes(harness, batch_id) == ["000000013", "M-79", "M-78"]
    # The same for one that was matched by itself.
    later = harness.open("item_code,description,size,price\nM-77,OATS,,4.10\n", vendor_code="V1")
    harness.edit(later, 1, item_code="000000013")
    with harness.engine() as engine, pytest.raises(Conflict, match="No row was matched from “M-77” any more"):
        Matcher(engine).undo(later, "M-77")
    harness.edit(later, 1, item_code="000000021")
    with harness.engine() as engine:
        assert Matcher(engine).undo(later, "M-77").rows == 1


def test_a_match_is_undone_and_redone_like_any_edit(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    match("M-77", "000000021")
    before = harness.rows(batch_id)[0]
    for act, code in ((Undoer.undo, "M-77"), (Undoer.redo, "000000021"), (Undoer.undo, "M-77")):
        with harness.engine() as engine:
            assert act(Undoer(engine), batch_id).undone == 1
        assert codes(harness, batch_id)[0] == code
    assert harness.rows(batch_id)[0].status == "not_in_catalogue"
    match("M-77", "000000021")
    now = harness.rows(batch_id)[0]
    assert [now[name] for name in ("item_code", "listed_key", "matched_key", "status", "status_text")] == [
        before[name] for name in ("item_code", "listed_key", "matched_key", "status", "status_text")
    ]
    # A match that is taken back, and that undone, is a match of the row again.
    for act in (
        lambda engine: Matcher(engine).undo(batch_id, "M-77"),
        lambda engine: Undoer(engine).undo(batch_id),
    ):
        with harness.engine() as engine:
            act(engine)
    assert codes(harness, batch_id)[0] == "000000021"


def test_undoing_a_match_forgets_it_and_redoing_it_remembers_it_again(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    def act(do: Callable[[Undoer, int], UndoResult]) -> str:
        with harness.engine() as engine:
            return do(Undoer(engine), batch_id).message

    def next_list() -> str:
        return codes(harness, harness.open(LATER, vendor_code="V1"))[0]

    match("M-77", "000000021")
    assert next_list() == "000000021"
    assert act(Undoer.undo).endswith("The match is no longer remembered.")
    assert next_list() == "M-77"
    assert act(Undoer.redo).endswith("The match is remembered again.")
    assert next_list() == "000000021"
    with harness.engine() as engine:
        Matcher(engine).undo(batch_id, "M-77")
    assert next_list() == "M-77"
    assert act(Undoer.undo).endswith("The match is remembered again.")
    assert (next_list(), harness.rows(batch_id)[0].listed_key) == ("000000021", "M-77")


def test_what_another_list_was_matched_by_stays_remembered(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    other = harness.open(LATER, vendor_code="V1")
    match("M-77", "000000021")
    with harness.engine() as engine:
        Matcher(engine).match(other, "M-77", "000000021")
        assert "remembered" not in Undoer(engine).undo(other).message
    assert codes(harness, harness.open(LATER, vendor_code="V1"))[0] == "000000021"


def test_who_may_not_revoke_matches_is_told_that_it_stays_remembered(
    harness: BatchHarness, batch_id: int, match: Callable[..., MatchResult]
) -> None:
    match("M-77", "000000021")
    number = len(harness.operations(batch_id))
    with harness.by("eve").engine() as engine:
        words = Undoer(engine).reverse(batch_id, number).message
    assert words.endswith("The match is still remembered, because your role does not allow revoking it.")
    assert codes(harness, harness.open(LATER, vendor_code="V1"))[0] == "000000021"
