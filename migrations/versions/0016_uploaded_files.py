"""Uploaded files are recognised by their digest, also when their batch was deleted

Revision 0017, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uploaded_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("uploaded_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploaded_file")),
    )
    op.create_index(op.f("ix_uploaded_file_sha256"), "uploaded_file", ["sha256"])
    # The copies of files in cloned batches count as uploads of the same time.
    op.execute(
        "INSERT INTO uploaded_file (sha256, size, role, batch_id, number, type, uploaded_at)"
        " SELECT f.sha256, f.size, f.role, f.batch_id, f.number, b.type, f.added_at"
        " FROM batch_file AS f JOIN batch AS b ON b.id = f.batch_id"
        " WHERE f.role IN ('input', 'worksheet') ORDER BY f.added_at, f.batch_id, f.number"
    )


def downgrade() -> None:
    op.drop_table("uploaded_file")
