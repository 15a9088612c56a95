"""Append-only records

Revision 0008, after 0007. The price history can be added to only, and jobs that have ended stay as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import append_only, unfreeze_table
from batchbook.batches.freeze import freeze_ended
from batchbook.batches.rows.ddl import create_row_functions, drop_row_functions

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: The states in which a job has ended, and for how long one that is there already is kept.
ENDED = ("done", "failed", "cancelled")
KEPT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', ended_at, '+90 days')",
    "postgresql": "ended_at + interval '90 days'",
}


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("job", sa.Column("purge_after", db.UTCDateTime(), nullable=True))
    ended = f"purge_after = {KEPT[connection.dialect.name]} WHERE state IN {ENDED}"
    op.execute(f"UPDATE job SET {ended}")  # noqa: S608 - All of it is above.
    append_only(connection, "price_history")
    freeze_ended(connection, "job", ENDED)
    create_row_functions(connection)


def downgrade() -> None:
    connection = op.get_bind()
    drop_row_functions(connection)
    unfreeze_table(connection, "price_history")
    unfreeze_table(connection, "job")
    op.drop_column("job", "purge_after")
