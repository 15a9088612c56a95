"""Vendor invoices

Revision 0042, after 0041.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vendor_invoice",
        sa.Column("vendor_code", sa.String(length=20), nullable=False),
        sa.Column("invoice_number", sa.String(length=40), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("invoice_total", db.ExactDecimal(precision=12, scale=2), nullable=False),
        sa.Column("tolerance", db.ExactDecimal(precision=5, scale=2), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["batch.id"], name=op.f("fk_vendor_invoice_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_invoice")),
    )
    op.create_table(
        "vendor_invoice_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=40), nullable=False),
        sa.Column("vendor_item_code", sa.String(length=40), nullable=True),
        sa.Column("upc", sa.String(length=20), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("amount", db.ExactDecimal(precision=18, scale=2), nullable=True),
        sa.Column("received", sa.Integer(), nullable=True),
        sa.Column("is_ordered", sa.Boolean(), nullable=True),
        sa.Column("matched", sa.Integer(), nullable=True),
        sa.Column("expected", db.ExactDecimal(precision=18, scale=2), nullable=True),
        sa.Column("difference", db.ExactDecimal(precision=18, scale=2), nullable=True),
        sa.Column("receipt", sa.String(length=20), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["vendor_invoice.id"],
            name=op.f("fk_vendor_invoice_row_batch_id_vendor_invoice"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_vendor_invoice_row")),
    )
    op.create_index(
        "ix_vendor_invoice_row_batch_id_issues",
        "vendor_invoice_row",
        ["batch_id", "sequence", "removed"],
        sqlite_where=sa.text("issues IS NOT NULL"),
        postgresql_where=sa.text("issues IS NOT NULL"),
    )
    op.create_index(
        "ix_vendor_invoice_row_batch_id_item_code", "vendor_invoice_row", ["batch_id", "item_code"]
    )
    op.create_index(
        "ix_vendor_invoice_row_batch_id_status",
        "vendor_invoice_row",
        ["batch_id", "status", "sequence", "removed"],
    )
    freeze_table(op.get_bind(), "vendor_invoice", "id")
    freeze_table(op.get_bind(), "vendor_invoice_row")


def downgrade() -> None:
    op.drop_table("vendor_invoice_row")
    op.drop_table("vendor_invoice")
