"""Models of the review: comments, which are frozen with their batch, and mentions, which are not.

Each comment is an operation in the batch's history as well, by which the pages of other people learn of it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.db import USER_NAME, Base


class BatchComment(Base):
    """A comment on a batch, on the row ``sequence``, or on the cell of that row in the column ``field``.

    Comments are numbered from 1 in each batch, and are never changed. They are frozen with their batch.
    """

    __tablename__ = "batch_comment"

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int | None]
    field: Mapped[str | None] = mapped_column(String(60))
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    text: Mapped[str] = mapped_column(Text)


class CommentMention(Base):
    """A user whom a comment mentions, and the time at which that user looked at it; ``None`` before.

    It is no part of the evidence: people look at comments of executed batches, too.
    """

    __tablename__ = "comment_mention"
    __table_args__ = (
        ForeignKeyConstraint(
            ["batch_id", "number"], ["batch_comment.batch_id", "batch_comment.number"], ondelete="CASCADE"
        ),
        Index(None, "user_name", "seen_at"),
    )

    batch_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_name: Mapped[str] = mapped_column(String(64), primary_key=True, info=USER_NAME)
    seen_at: Mapped[datetime | None]
