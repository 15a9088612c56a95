"""Seals of executed batches

Revision 0028, after 0023. Batches that were executed before have no seal: “batchbook seal add” makes seals for them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import append_only

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("sealed_at", db.UTCDateTime(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seal")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_seal_batch_id")),
    )
    op.create_table(
        "seal_chunk",
        sa.Column("batch_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("row_digests", sa.LargeBinary(), nullable=False),
        sa.Column("column_digests", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "table_name", "position", name=op.f("pk_seal_chunk")),
    )
    for table in ("seal", "seal_chunk"):
        append_only(op.get_bind(), table, state="executed")


def downgrade() -> None:
    op.drop_table("seal_chunk")
    op.drop_table("seal")
