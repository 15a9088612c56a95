"""Retention policies, legal holds, and tombstones of purged batches

Revision 0027, after 0026.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import append_only
from batchbook.batches.freeze import hold_deletions
from batchbook.batches.rows.ddl import create_row_functions

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_policy"),
        sa.UniqueConstraint("type", name="uq_retention_policy_type"),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("placed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", db.UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("acted_by", sa.String(64), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_legal_hold"),
    )
    op.create_index("ix_legal_hold_number", "legal_hold", ["number", "id"])
    op.create_table(
        "tombstone",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("created_at", db.UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("executed_at", db.UTCDateTime(), nullable=False),
        sa.Column("executed_by", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("rows", "operations", "cells", "files")),
        sa.Column("seal", sa.Integer(), nullable=True),
        sa.Column("purge_after", db.UTCDateTime(), nullable=False),
        sa.Column("purged_at", db.UTCDateTime(), nullable=False),
        sa.Column("purged_by", sa.String(64), nullable=False),
        sa.Column("acted_by", sa.String(64), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_tombstone"),
    )
    connection = op.get_bind()
    append_only(connection, "legal_hold")
    append_only(connection, "tombstone")
    hold_deletions(connection)
    create_row_functions(connection)


def downgrade() -> None:
    for table in ("tombstone", "legal_hold", "retention_policy"):
        op.drop_table(table)
    hold_deletions(op.get_bind())
    create_row_functions(op.get_bind())
