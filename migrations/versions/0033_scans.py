"""Requests of scripts keep their answer with their idempotency key

Revision 0033, after 0032.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sent_form", sa.Column("answer", db.JSONValue, nullable=True))


def downgrade() -> None:
    op.drop_column("sent_form", "answer")
