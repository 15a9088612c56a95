"""Jobs, and the time zones of people

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=250), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", db.UTCDateTime(), nullable=False),
        sa.Column("skipped", db.JSONValue, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_group")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=250), nullable=False),
        sa.Column("done", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("batch_type", sa.String(length=60), nullable=True),
        sa.Column("exclusive", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("arguments", db.JSONValue, nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", db.UTCDateTime(), nullable=False),
        sa.Column("run_at", db.UTCDateTime(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=16), nullable=False),
        sa.Column("dispatch", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=63), nullable=True),
        sa.Column("started_at", db.UTCDateTime(), nullable=True),
        sa.Column("ended_at", db.UTCDateTime(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("result", db.JSONValue, nullable=True),
        sa.Column("retry_of", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["job_group.id"], name=op.f("fk_job_group_id_job_group"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_batch_id", ["batch_id"], unique=False)
        batch_op.create_index("ix_job_group_id", ["group_id"], unique=False)
        batch_op.create_index("ix_job_state", ["state"], unique=False)
        batch_op.create_index(
            "uq_job_holding",
            ["batch_id"],
            unique=True,
            sqlite_where=sa.text("exclusive IS TRUE AND state IN ('queued', 'running')"),
            postgresql_where=sa.text("exclusive IS TRUE AND state IN ('queued', 'running')"),
        )
        batch_op.create_index(
            "uq_job_planned",
            ["batch_id"],
            unique=True,
            sqlite_where=sa.text("exclusive IS TRUE AND state IN ('scheduled')"),
            postgresql_where=sa.text("exclusive IS TRUE AND state IN ('scheduled')"),
        )

    op.create_table(
        "job_file",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_job_file_job_id_job"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_file")),
    )
    op.create_table(
        "job_file_chunk",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job_file.job_id"],
            name=op.f("fk_job_file_chunk_job_id_job_file"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "position", name=op.f("pk_job_file_chunk")),
    )
    op.add_column("user_account", sa.Column("timezone", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("user_account", "timezone")
    op.drop_table("job_file_chunk")
    op.drop_table("job_file")
    op.drop_table("job")
    op.drop_table("job_group")
