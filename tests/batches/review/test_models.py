"""Comments are frozen with their batch, and mentions are not; test_freeze.py attacks the table as those of all children."""

from __future__ import annotations

from batchbook.batches.freeze import CHILD_TABLES
from batchbook.batches.review.models import BatchComment, CommentMention


def test_comments_are_children_of_batches_and_mentions_are_not_frozen() -> None:
    assert BatchComment.__tablename__ in CHILD_TABLES
    assert CommentMention.__tablename__ not in CHILD_TABLES
    assert [column.name for column in BatchComment.__table__.primary_key] == ["batch_id", "number"]
