"""What acted for a person, the reason for it, and what it used, in the history of batches

Revision 0026, after 0023.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0026"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operation", sa.Column("acted_by", sa.String(64), nullable=True))
    op.add_column("operation", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("operation", sa.Column("evidence", db.JSONValue, nullable=True))


def downgrade() -> None:
    for name in ("evidence", "reason", "acted_by"):
        op.drop_column("operation", name)
