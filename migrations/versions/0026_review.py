"""Batches that were sent back, comments on batches, rows and cells, and mentions in them

Revision 0026, after 0025.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches.freeze import freeze_table

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_SENT_BACK = (
    ("sent_back_to", sa.String(64)),
    ("sent_back_by", sa.String(64)),
    ("sent_back_at", db.UTCDateTime()),
    ("sent_back_reason", sa.Text()),
)


def upgrade() -> None:
    for name, kind in _SENT_BACK:
        op.add_column("batch", sa.Column(name, kind, nullable=True))
    op.create_table(
        "batch_comment",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(60), nullable=True),
        sa.Column("at", db.UTCDateTime(), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_batch_comment_batch_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_batch_comment")),
    )
    freeze_table(op.get_bind(), "batch_comment")
    op.create_table(
        "comment_mention",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_name", sa.String(64), nullable=False),
        sa.Column("seen_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id", "number"],
            ["batch_comment.batch_id", "batch_comment.number"],
            name=op.f("fk_comment_mention_batch_id_batch_comment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", "user_name", name=op.f("pk_comment_mention")),
    )
    op.create_index(op.f("ix_comment_mention_user_name"), "comment_mention", ["user_name", "seen_at"])


def downgrade() -> None:
    op.drop_table("comment_mention")
    op.drop_table("batch_comment")
    for name, _kind in reversed(_SENT_BACK):
        op.drop_column("batch", name)
