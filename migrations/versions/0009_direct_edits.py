"""Direct edits: what people set past a batch, and why

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import append_only

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("price_history", sa.Column("reason", sa.String(500), nullable=True))
    op.create_table(
        "direct_edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_type", sa.String(63), nullable=False),
        sa.Column("record_key", sa.String(100), nullable=False),
        sa.Column("record_label", sa.String(300), nullable=False),
        sa.Column("field", sa.String(63), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("old_value", sa.Text(), nullable=True),
        sa.Column("new_value", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("changed_at", db.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_direct_edit")),
    )
    op.create_index(op.f("ix_direct_edit_record_type"), "direct_edit", ["record_type", "record_key"])
    append_only(op.get_bind(), "direct_edit")


def downgrade() -> None:
    op.drop_table("direct_edit")
    op.drop_column("price_history", "reason")
