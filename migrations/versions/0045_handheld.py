"""Files of handhelds, whose rows become batches of other types

Revision 0045, after 0044.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handheld",
        sa.Column("becomes", sa.String(length=60), nullable=False),
        sa.Column("device", sa.String(length=60), nullable=True),
        sa.Column("repeated", sa.String(length=10), nullable=False),
        sa.Column("vendor_code", sa.String(length=20), nullable=True),
        sa.Column("order_number", sa.String(length=20), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["batch.id"], name=op.f("fk_handheld_id_batch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handheld")),
    )
    op.create_table(
        "handheld_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("size", sa.String(length=40), nullable=True),
        sa.Column("unit", sa.String(length=10), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("location", sa.String(length=40), nullable=True),
        sa.Column("scanned_at", db.UTCDateTime(), nullable=True),
        sa.Column("scanned", sa.String(length=40), nullable=True),
        sa.Column("clock", sa.String(length=20), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["handheld.id"], name=op.f("fk_handheld_row_batch_id_handheld"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_handheld_row")),
    )
    op.create_index("ix_handheld_row_batch_id_item_code", "handheld_row", ["batch_id", "item_code"])
    op.create_index(
        "ix_handheld_row_batch_id_status", "handheld_row", ["batch_id", "status", "sequence", "removed"]
    )
    op.create_index(
        "ix_handheld_row_batch_id_issues",
        "handheld_row",
        ["batch_id", "sequence", "removed"],
        sqlite_where=sa.text("issues IS NOT NULL"),
        postgresql_where=sa.text("issues IS NOT NULL"),
    )
    freeze_table(op.get_bind(), "handheld", "id")
    freeze_table(op.get_bind(), "handheld_row")


def downgrade() -> None:
    op.drop_table("handheld_row")
    op.drop_table("handheld")
