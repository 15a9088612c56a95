"""Inventory counts: counts of what is on the shelves, by sheets, files and scans

Revision 0043, after 0042.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inventory_count",
        sa.Column("department", sa.String(length=60), nullable=True),
        sa.Column("counts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_counter", sa.String(length=64), nullable=True),
        sa.Column("second_counter", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["batch.id"], name=op.f("fk_inventory_count_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_count")),
    )
    op.create_table(
        "inventory_count_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("size", sa.String(length=40), nullable=True),
        sa.Column("department", sa.String(length=60), nullable=True),
        sa.Column("unit", sa.String(length=10), nullable=True),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("counted_again", sa.Integer(), nullable=True),
        sa.Column("agreed", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("on_hand", sa.Integer(), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("moved", sa.Integer(), nullable=True),
        sa.Column("difference", sa.Integer(), nullable=True),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("value", db.ExactDecimal(precision=18, scale=2), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("basis", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["inventory_count.id"],
            name=op.f("fk_inventory_count_row_batch_id_inventory_count"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_inventory_count_row")),
    )
    with op.batch_alter_table("inventory_count_row", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_count_row_batch_id_issues",
            ["batch_id", "sequence", "removed"],
            unique=False,
            sqlite_where=sa.text("issues IS NOT NULL"),
            postgresql_where=sa.text("issues IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_inventory_count_row_batch_id_item_code", ["batch_id", "item_code"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_count_row_batch_id_status",
            ["batch_id", "status", "sequence", "removed"],
            unique=False,
        )

    freeze_table(op.get_bind(), "inventory_count", "id")
    freeze_table(op.get_bind(), "inventory_count_row")


def downgrade() -> None:
    op.drop_table("inventory_count_row")
    op.drop_table("inventory_count")
