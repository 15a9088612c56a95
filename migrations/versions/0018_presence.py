"""People who edit the same batch see which cell each of them is editing

Revision 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("expires_at", db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("place", "user_name", name=op.f("pk_presence")),
    )


def downgrade() -> None:
    op.drop_table("presence")
