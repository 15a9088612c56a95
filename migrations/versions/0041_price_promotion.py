"""Price promotions

Revision 0041, after 0040.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_HAS_ISSUES = sa.text("issues IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "price_promotion",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("discount", db.ExactDecimal(precision=14, scale=2), nullable=True),
        sa.Column("rounding", sa.String(length=10), nullable=True),
        sa.Column("returns", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["batch.id"], name=op.f("fk_price_promotion_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_promotion")),
    )
    op.create_table(
        "price_promotion_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("regular_price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("promotion_price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("saving_percent", db.ExactDecimal(precision=14, scale=2), nullable=True),
        sa.Column("current_price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["price_promotion.id"],
            name=op.f("fk_price_promotion_row_batch_id_price_promotion"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_price_promotion_row")),
    )
    table = "price_promotion_row"
    op.create_index(f"ix_{table}_batch_id_item_code", table, ["batch_id", "item_code"])
    op.create_index(f"ix_{table}_item_code", table, ["item_code"])
    op.create_index(f"ix_{table}_batch_id_status", table, ["batch_id", "status", "sequence", "removed"])
    op.create_index(
        f"ix_{table}_batch_id_issues",
        table,
        ["batch_id", "sequence", "removed"],
        sqlite_where=_HAS_ISSUES,
        postgresql_where=_HAS_ISSUES,
    )
    freeze_table(op.get_bind(), "price_promotion", "id")
    freeze_table(op.get_bind(), table)


def downgrade() -> None:
    op.drop_table("price_promotion_row")
    op.drop_table("price_promotion")
