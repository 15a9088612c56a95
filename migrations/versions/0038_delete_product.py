"""Product removals: deactivation, and deletion after a while

Revision 0038, after 0037.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delete_product",
        sa.Column("inactive_days", sa.Integer(), server_default=sa.text("90"), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["batch.id"], name=op.f("fk_delete_product_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delete_product")),
    )
    op.create_table(
        "delete_product_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("size", sa.String(length=40), nullable=True),
        sa.Column("department", sa.String(length=60), nullable=True),
        sa.Column("vendor", sa.String(length=20), nullable=True),
        sa.Column("price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("on_hand", sa.Integer(), nullable=True),
        sa.Column("changed_at", db.UTCDateTime(), nullable=True),
        sa.Column("on_order", sa.Integer(), nullable=True),
        sa.Column("in_batches", sa.Integer(), nullable=True),
        sa.Column("documents", sa.Integer(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(length=12), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["delete_product.id"],
            name=op.f("fk_delete_product_row_batch_id_delete_product"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_delete_product_row")),
    )
    with op.batch_alter_table("delete_product_row", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delete_product_row_batch_id_issues",
            ["batch_id", "sequence", "removed"],
            unique=False,
            sqlite_where=sa.text("issues IS NOT NULL"),
            postgresql_where=sa.text("issues IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_delete_product_row_batch_id_item_code", ["batch_id", "item_code"], unique=False
        )
        batch_op.create_index(
            "ix_delete_product_row_batch_id_status",
            ["batch_id", "status", "sequence", "removed"],
            unique=False,
        )

    freeze_table(op.get_bind(), "delete_product", "id")
    freeze_table(op.get_bind(), "delete_product_row")


def downgrade() -> None:
    op.drop_table("delete_product_row")
    op.drop_table("delete_product")
