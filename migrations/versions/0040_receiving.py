"""Deliveries that are received

Revision 0040, after 0039.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receiving",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.String(length=20), nullable=True),
        sa.Column("vendor_code", sa.String(length=20), nullable=True),
        sa.Column("as_ordered", sa.Boolean(), nullable=False),
        sa.Column("receipt_number", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["batch.id"], name="fk_receiving_id_batch", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_receiving"),
    )
    op.create_table(
        "receiving_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("vendor_item_code", sa.String(length=40), nullable=True),
        sa.Column("ordered", sa.Integer(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=True),
        sa.Column("damaged", sa.Integer(), nullable=True),
        sa.Column("expired", sa.Integer(), nullable=True),
        sa.Column("missing", sa.Integer(), nullable=True),
        sa.Column("expected_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("credit", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("amount", db.ExactDecimal(precision=18, scale=2), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["receiving.id"], name="fk_receiving_row_batch_id_receiving", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name="pk_receiving_row"),
    )
    op.create_index("ix_receiving_row_batch_id_item_code", "receiving_row", ["batch_id", "item_code"])
    op.create_index(
        "ix_receiving_row_batch_id_status", "receiving_row", ["batch_id", "status", "sequence", "removed"]
    )
    op.create_index(
        "ix_receiving_row_batch_id_issues",
        "receiving_row",
        ["batch_id", "sequence", "removed"],
        sqlite_where=sa.text("issues IS NOT NULL"),
        postgresql_where=sa.text("issues IS NOT NULL"),
    )
    freeze_table(op.get_bind(), "receiving", "id")
    freeze_table(op.get_bind(), "receiving_row")


def downgrade() -> None:
    op.drop_table("receiving_row")
    op.drop_table("receiving")
