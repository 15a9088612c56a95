"""Effects of executed batches, and batches that reverse others

Revision 0028, after 0027.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import freeze_table

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch_effect",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("record_key", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_batch_effect_batch_id_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_batch_effect")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_batch_effect_target_record_id", "batch_effect", ["target", "record_id"])
    freeze_table(op.get_bind(), "batch_effect")
    op.add_column("batch", sa.Column("reverses", sa.Integer(), nullable=True))
    op.create_index("ix_batch_reverses", "batch", ["reverses"])
    op.add_column("price_change_row", sa.Column("executed_price", db.ExactDecimal(12, 2), nullable=True))


def downgrade() -> None:
    op.drop_column("price_change_row", "executed_price")
    op.drop_index("ix_batch_reverses", "batch")
    op.drop_column("batch", "reverses")
    op.drop_table("batch_effect")
