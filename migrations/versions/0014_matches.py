"""Matches: codes in vendors' lists that mean a product, and the index in which similar records are looked up

Revision 0014, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "product_match",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("key_form", sa.String(length=200), nullable=False),
        sa.Column("matched_at", db.UTCDateTime(), nullable=False),
        sa.Column("matched_by", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("revoked_at", db.UTCDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendor.id"], name=op.f("fk_product_match_vendor_id_vendor"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
            name=op.f("fk_product_match_product_id_product"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_match")),
    )
    op.create_index(op.f("ix_product_match_vendor_id"), "product_match", ["vendor_id"])
    op.create_index(op.f("ix_product_match_product_id"), "product_match", ["product_id"])
    op.create_index(
        "uq_product_match_current",
        "product_match",
        ["vendor_id", "key_form"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "match_record",
        sa.Column("records", sa.String(length=60), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("form", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("records", "record_id", name=op.f("pk_match_record")),
    )
    op.create_index(op.f("ix_match_record_records"), "match_record", ["records", "form"])
    op.create_table(
        "match_token",
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("token", "record_id", name=op.f("pk_match_token")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "match_common_token",
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_match_common_token")),
    )
    op.add_column("price_change_row", sa.Column("listed_key", sa.String(length=200), nullable=True))
    op.add_column("price_change_row", sa.Column("matched_key", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("price_change_row", "matched_key")
    op.drop_column("price_change_row", "listed_key")
    for table in ("match_common_token", "match_token", "match_record", "product_match"):
        op.drop_table(table)
