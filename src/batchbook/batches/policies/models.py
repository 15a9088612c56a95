"""Models of policies, as administrators set them, and of the approvals and signatures of batches."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.db import USER_NAME, Base, ExactDecimal

#: The kinds of signatures: that of somebody who approves a batch, and that of its execution.
APPROVE, EXECUTE = "approve", "execute"

#: The digits of an amount that is compared with a limit. Both have the same scale, so that databases compare them.
AMOUNT_DIGITS, AMOUNT_SCALE = 18, 4


class BatchPolicy(Base):
    """A version of the policy of a type; the one with the highest ``number`` applies.

    The table is append-only, so that it also tells who changed what and when. The columns are what the database enforces by
    a trigger, ``settings`` has the whole policy. A version that is ``declared`` is what the type's code declares.
    """

    __tablename__ = "batch_policy"

    type: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    declared: Mapped[bool]
    other_than_editor: Mapped[bool]
    other_than_completer: Mapped[bool]
    approvals: Mapped[int]
    approvals_above: Mapped[Decimal | None] = mapped_column(ExactDecimal(AMOUNT_DIGITS, AMOUNT_SCALE))
    signature: Mapped[bool]
    settings: Mapped[dict[str, Any]]


class BatchApproval(Base):
    """A signature: that ``signed_by`` approved, or executed, the content with ``digest``, with ``meaning``.

    Whether an approval still holds is never stored: it does while the content has this digest. ``amount`` is what the
    changes of numbers amount to, as it was found for an execution.
    """

    __tablename__ = "batch_approval"
    __table_args__ = (Index("ix_batch_approval_signed_by", "signed_by"),)

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    signed_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    meaning: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    amount: Mapped[Decimal | None] = mapped_column(ExactDecimal(AMOUNT_DIGITS, AMOUNT_SCALE))
