"""Vendor catalogues

Revision 0037, after 0036.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vendor_catalog",
        sa.Column("vendor_code", sa.String(length=20), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("margin_limit", db.ExactDecimal(precision=7, scale=2), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["batch.id"], name=op.f("fk_vendor_catalog_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_catalog")),
    )
    op.create_table(
        "vendor_catalog_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=40), nullable=False),
        sa.Column("vendor_item_code", sa.String(length=40), nullable=True),
        sa.Column("upc", sa.String(length=20), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("old_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("new_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("change_percent", db.ExactDecimal(precision=14, scale=2), nullable=True),
        sa.Column("product_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("margin", db.ExactDecimal(precision=14, scale=2), nullable=True),
        sa.Column("old_case_pack", sa.Integer(), nullable=True),
        sa.Column("case_pack", sa.Integer(), nullable=True),
        sa.Column("old_vendor_item_code", sa.String(length=40), nullable=True),
        sa.Column("is_known", sa.Boolean(), nullable=True),
        sa.Column("is_own", sa.Boolean(), nullable=True),
        sa.Column("restores", sa.String(length=80), server_default="", nullable=False),
        sa.Column("restored_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("restored_on", sa.Date(), nullable=True),
        sa.Column("executed_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("executed_product_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("listed_key", sa.String(length=200), nullable=True),
        sa.Column("matched_key", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["vendor_catalog.id"],
            name=op.f("fk_vendor_catalog_row_batch_id_vendor_catalog"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_vendor_catalog_row")),
    )
    op.create_index(
        "ix_vendor_catalog_row_batch_id_issues",
        "vendor_catalog_row",
        ["batch_id", "sequence", "removed"],
        sqlite_where=sa.text("issues IS NOT NULL"),
        postgresql_where=sa.text("issues IS NOT NULL"),
    )
    op.create_index(
        "ix_vendor_catalog_row_batch_id_item_code", "vendor_catalog_row", ["batch_id", "item_code"]
    )
    op.create_index(
        "ix_vendor_catalog_row_batch_id_status",
        "vendor_catalog_row",
        ["batch_id", "status", "sequence", "removed"],
    )
    freeze_table(op.get_bind(), "vendor_catalog", "id")
    freeze_table(op.get_bind(), "vendor_catalog_row")


def downgrade() -> None:
    op.drop_table("vendor_catalog_row")
    op.drop_table("vendor_catalog")
