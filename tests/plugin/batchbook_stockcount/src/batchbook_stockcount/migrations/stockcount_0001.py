"""Stock counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "stockcount_0001"
down_revision = None
branch_labels = ("stockcount",)
depends_on = "0001"  # Batchbook's own tables.


def upgrade() -> None:
    op.create_table(
        "stock_count",
        sa.Column("department", sa.String(60)),
        sa.Column("id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["id"], ["batch.id"], name="fk_stock_count_id_batch", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_count"),
    )
    op.create_table(
        "stock_count_row",
        sa.Column("batch_id", sa.Integer, nullable=False),
        sa.Column("sequence", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("item_code", sa.String(20), nullable=False),
        sa.Column("description", sa.String(200)),
        sa.Column("counted", sa.Integer),
        sa.Column("total", sa.Integer),
        sa.Column("on_hand", sa.Integer),
        sa.Column("status", sa.String(40)),
        sa.Column("status_text", sa.Text),
        sa.Column("issues", db.JSONValue),
        sa.Column("removed", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer, server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["stock_count.id"],
            name="fk_stock_count_row_batch_id_stock_count",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name="pk_stock_count_row"),
    )
    op.create_index("ix_stock_count_row_batch_id_item_code", "stock_count_row", ["batch_id", "item_code"])
    freeze_table(op.get_bind(), "stock_count", "id")
    freeze_table(op.get_bind(), "stock_count_row")


def downgrade() -> None:
    op.drop_table("stock_count_row")
    op.drop_table("stock_count")
