"""Orders that are prepared for vendors

Revision 0036, after 0035.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ordering",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vendor_code", sa.String(length=20), nullable=False),
        sa.Column("department", sa.String(length=60), nullable=True),
        sa.Column("from_reorder_points", sa.Boolean(), nullable=False),
        sa.Column("order_number", sa.String(length=20), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["batch.id"], name="fk_ordering_id_batch", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_ordering"),
    )
    op.create_table(
        "ordering_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("vendor_item_code", sa.String(length=40), nullable=True),
        sa.Column("vendor", sa.String(length=20), nullable=True),
        sa.Column("on_hand", sa.Integer(), nullable=True),
        sa.Column("on_order", sa.Integer(), nullable=True),
        sa.Column("reorder_point", sa.Integer(), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=True),
        sa.Column("case_pack", sa.Integer(), nullable=True),
        sa.Column("cases", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("amount", db.ExactDecimal(precision=18, scale=2), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["ordering.id"], name="fk_ordering_row_batch_id_ordering", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name="pk_ordering_row"),
    )
    op.create_index("ix_ordering_row_batch_id_item_code", "ordering_row", ["batch_id", "item_code"])
    op.create_index(
        "ix_ordering_row_batch_id_status", "ordering_row", ["batch_id", "status", "sequence", "removed"]
    )
    op.create_index(
        "ix_ordering_row_batch_id_issues",
        "ordering_row",
        ["batch_id", "sequence", "removed"],
        sqlite_where=sa.text("issues IS NOT NULL"),
        postgresql_where=sa.text("issues IS NOT NULL"),
    )
    freeze_table(op.get_bind(), "ordering", "id")
    freeze_table(op.get_bind(), "ordering_row")


def downgrade() -> None:
    op.drop_table("ordering_row")
    op.drop_table("ordering")
