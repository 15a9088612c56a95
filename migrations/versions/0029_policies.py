"""Policies and approvals

Policies of batch types as administrators set them, approvals and signatures of batches, and the trigger that enforces the
policies where a batch becomes executed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table
from batchbook.batches.freeze.execution_gate import add_execution_gate, drop_execution_gate

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch_policy",
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", db.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("other_than_editor", sa.Boolean(), nullable=False),
        sa.Column("other_than_completer", sa.Boolean(), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("approvals_above", db.ExactDecimal(18, 4), nullable=True),
        sa.Column("signature", sa.Boolean(), nullable=False),
        sa.Column("settings", db.JSONValue, nullable=False),
        sa.PrimaryKeyConstraint("type", "number", name=op.f("pk_batch_policy")),
    )
    op.create_table(
        "batch_approval",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", db.UTCDateTime(), nullable=False),
        sa.Column("signed_by", sa.String(length=64), nullable=False),
        sa.Column("meaning", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("amount", db.ExactDecimal(18, 4), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_batch_approval_batch_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_batch_approval")),
    )
    op.create_index("ix_batch_approval_signed_by", "batch_approval", ["signed_by"])
    freeze_table(op.get_bind(), "batch_approval")
    add_execution_gate(op.get_bind())


def downgrade() -> None:
    drop_execution_gate(op.get_bind())
    op.drop_table("batch_approval")
    op.drop_table("batch_policy")
