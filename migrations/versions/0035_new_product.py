"""Product proposals: new products that are checked before they are created

Revision 0035, after 0034.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "new_product",
        sa.Column("vendor_code", sa.String(length=20), nullable=True),
        sa.Column("department", sa.String(length=60), nullable=True),
        sa.Column("upc_as_code", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["batch.id"], name=op.f("fk_new_product_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_new_product")),
    )
    op.create_table(
        "new_product_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("upc", sa.String(length=20), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("size", sa.String(length=40), nullable=True),
        sa.Column("department", sa.String(length=60), nullable=True),
        sa.Column("vendor_code", sa.String(length=20), nullable=True),
        sa.Column("category", sa.String(length=80), nullable=True),
        sa.Column("brand", sa.String(length=80), nullable=True),
        sa.Column("price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("unit", sa.String(length=10), nullable=True),
        sa.Column("case_unit", sa.String(length=10), nullable=True),
        sa.Column("case_pack", sa.Integer(), nullable=True),
        sa.Column("reorder_point", sa.Integer(), nullable=True),
        sa.Column("vendor_item_code", sa.String(length=40), nullable=True),
        sa.Column("similar_to", sa.String(length=20), nullable=True),
        sa.Column("similar_product", sa.String(length=260), nullable=True),
        sa.Column("different", sa.Boolean(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["new_product.id"],
            name=op.f("fk_new_product_row_batch_id_new_product"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_new_product_row")),
    )
    with op.batch_alter_table("new_product_row", schema=None) as batch_op:
        batch_op.create_index(
            "ix_new_product_row_batch_id_issues",
            ["batch_id", "sequence", "removed"],
            unique=False,
            sqlite_where=sa.text("issues IS NOT NULL"),
            postgresql_where=sa.text("issues IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_new_product_row_batch_id_item_code", ["batch_id", "item_code"], unique=False
        )
        batch_op.create_index(
            "ix_new_product_row_batch_id_status", ["batch_id", "status", "sequence", "removed"], unique=False
        )
        batch_op.create_index("ix_new_product_row_batch_id_upc", ["batch_id", "upc"], unique=False)

    freeze_table(op.get_bind(), "new_product", "id")
    freeze_table(op.get_bind(), "new_product_row")


def downgrade() -> None:
    op.drop_table("new_product_row")
    op.drop_table("new_product")
