"""Price changes

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches.freeze import freeze_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_change",
        sa.Column("vendor_code", sa.String(length=20), nullable=True),
        sa.Column("department", sa.String(length=60), nullable=True),
        sa.Column("percent", db.ExactDecimal(precision=7, scale=2), nullable=True),
        sa.Column("rounding", sa.String(length=10), nullable=True),
        sa.Column("warn_above", db.ExactDecimal(precision=7, scale=2), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["batch.id"], name=op.f("fk_price_change_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_change")),
    )
    op.create_table(
        "price_change_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("size", sa.String(length=40), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("old_price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("new_price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("change_percent", db.ExactDecimal(precision=14, scale=2), nullable=True),
        sa.Column("over_limit", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["price_change.id"],
            name=op.f("fk_price_change_row_batch_id_price_change"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_price_change_row")),
    )
    with op.batch_alter_table("price_change_row", schema=None) as batch_op:
        batch_op.create_index(
            "ix_price_change_row_batch_id_item_code", ["batch_id", "item_code"], unique=False
        )

    freeze_table(op.get_bind(), "price_change", "id")
    freeze_table(op.get_bind(), "price_change_row")


def downgrade() -> None:
    op.drop_table("price_change_row")
    op.drop_table("price_change")
