"""Mappings of the columns of files

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake_mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("sender", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("mapping", db.JSONValue, nullable=False),
        sa.Column("reading", db.JSONValue, nullable=False),
        sa.Column("saved_at", db.UTCDateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=64), nullable=False),
        sa.Column("used_at", db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_mapping")),
    )
    with op.batch_alter_table("intake_mapping", schema=None) as batch_op:
        batch_op.create_index(
            "uq_intake_mapping_named",
            ["type", "scope", "name"],
            unique=True,
            sqlite_where=sa.text("name <> ''"),
            postgresql_where=sa.text("name <> ''"),
        )
        batch_op.create_index(
            "uq_intake_mapping_last",
            ["type", "scope", "sender"],
            unique=True,
            sqlite_where=sa.text("name = ''"),
            postgresql_where=sa.text("name = ''"),
        )


def downgrade() -> None:
    op.drop_table("intake_mapping")
