"""Labels: headers and rows of batches whose labels are printed

Revision 0039, after 0038.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_ROWS = "label_row"


def upgrade() -> None:
    op.create_table(
        "labels",
        sa.Column("paper", sa.String(length=10), nullable=False),
        sa.Column("label_size", sa.String(length=10), nullable=False),
        sa.Column("department", sa.String(length=60), nullable=True),
        sa.Column("vendor_code", sa.String(length=20), nullable=True),
        sa.Column("price_changed_since", sa.Date(), nullable=True),
        sa.Column("changed_since", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["batch.id"], name=op.f("fk_labels_id_batch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
    )
    op.create_table(
        _ROWS,
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("size", sa.String(length=40), nullable=True),
        sa.Column("price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("unit", sa.String(length=10), nullable=True),
        sa.Column("upc", sa.String(length=14), nullable=True),
        sa.Column("label_size", sa.String(length=10), nullable=True),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("given_price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("catalogue_price", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("modified_at", db.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["labels.id"], name=op.f("fk_label_row_batch_id_labels"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "sequence", name=op.f("pk_label_row")),
    )
    op.create_index("ix_label_row_batch_id_item_code", _ROWS, ["batch_id", "item_code"])
    op.create_index("ix_label_row_batch_id_status", _ROWS, ["batch_id", "status", "sequence", "removed"])
    op.create_index(
        "ix_label_row_batch_id_issues",
        _ROWS,
        ["batch_id", "sequence", "removed"],
        sqlite_where=sa.text("issues IS NOT NULL"),
        postgresql_where=sa.text("issues IS NOT NULL"),
    )
    freeze_table(op.get_bind(), "labels", "id")
    freeze_table(op.get_bind(), _ROWS)


def downgrade() -> None:
    op.drop_table(_ROWS)
    op.drop_table("labels")
