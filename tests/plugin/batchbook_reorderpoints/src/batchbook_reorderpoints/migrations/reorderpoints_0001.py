"""Reorder points."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from batchbook import db
from batchbook.batches import freeze_table

revision = "reorderpoints_0001"
down_revision = None
branch_labels = ("reorderpoints",)
depends_on = "0001"


def upgrade() -> None:
    op.create_table(
        "reorder_points",
        sa.Column("vendor_code", sa.String(length=20), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["batch.id"], name=op.f("fk_reorder_points_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorder_points")),
    )
    op.create_table(
        "reorder_points_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("old_point", sa.Integer(), nullable=True),
        sa.Column("reorder_point", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["reorder_points.id"],
            name=op.f("fk_reorder_points_row_batch_id_reorder_points"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_reorder_points_row")),
    )
    freeze_table(op.get_bind(), "reorder_points", "id")
    freeze_table(op.get_bind(), "reorder_points_row")


def downgrade() -> None:
    op.drop_table("reorder_points_row")
    op.drop_table("reorder_points")
