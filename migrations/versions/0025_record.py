"""Agents, reasons and evidence in the history of batches; and the audit log of security

Revision 0025, after 0024.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import append_only, freeze_table, unfreeze_table

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operation", sa.Column("acted_by", sa.String(64), nullable=True))
    op.add_column("operation", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("operation", sa.Column("evidence", db.JSONValue, nullable=True))
    _rebuild_cells(with_rowid=False)
    op.create_table("audit_log", *_columns("audit_log"), sa.Column("batch_id", sa.Integer(), nullable=True))
    op.create_table("pending_audit_log", *_columns("pending_audit_log"))
    for table in ("audit_log", "pending_audit_log"):
        for name in ("at", "event", "actor", "target"):
            op.create_index(f"ix_{table}_{name}", table, [name])
    append_only(op.get_bind(), "audit_log")
    # The one who sees what was executed sees who was there; administrators may do everything already.
    given = sa.text(
        "INSERT INTO role_permission (role_id, permission) SELECT id, :permission FROM role WHERE name = 'auditor'"
    )
    for permission in ("audit-log:view", "audit-log:export"):
        op.execute(given.bindparams(permission=permission))


def _rebuild_cells(*, with_rowid: bool) -> None:
    """Store the changed cells of SQLite by their key, without hidden row numbers, or with them as before."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    unfreeze_table(connection, "cell_change")
    op.drop_index("ix_cell_change_batch_id_sequence", "cell_change")
    op.rename_table("cell_change", "cell_change_before")
    names = ("batch_id", "operation", "position", "sequence", "field", "old", "new", "issues")
    op.create_table(
        "cell_change",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in names[:4]),
        sa.Column("field", sa.String(60), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("issues", db.JSONValue, nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id", "operation"],
            ["operation.batch_id", "operation.number"],
            name="fk_cell_change_batch_id_operation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "operation", "position", name="pk_cell_change"),
        sqlite_with_rowid=with_rowid,
    )
    listed = ", ".join(names)
    connection.exec_driver_sql(
        f"INSERT INTO cell_change ({listed}) SELECT {listed} FROM cell_change_before"  # noqa: S608 - All of it is above.
        " ORDER BY batch_id, operation, position"
    )
    op.drop_table("cell_change_before")
    op.create_index("ix_cell_change_batch_id_sequence", "cell_change", ["batch_id", "sequence"])
    freeze_table(connection, "cell_change")


def _columns(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("at", db.UTCDateTime(), nullable=False),
        sa.Column("event", sa.String(60), nullable=False),
        sa.Column("actor", sa.String(64), nullable=True),
        sa.Column("acted_by", sa.String(64), nullable=True),
        sa.Column("target_kind", sa.String(20), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("detail", db.JSONValue, nullable=True),
        sa.Column("address", sa.String(45), nullable=True),
        sa.Column("request_id", sa.String(16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("key", name=f"uq_{table}_key"),
    ]


def downgrade() -> None:
    _rebuild_cells(with_rowid=True)
    op.execute("DELETE FROM role_permission WHERE permission LIKE 'audit-log:%'")
    op.drop_table("pending_audit_log")
    op.drop_table("audit_log")
    for name in ("evidence", "reason", "acted_by"):
        op.drop_column("operation", name)
