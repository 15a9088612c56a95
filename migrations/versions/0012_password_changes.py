"""Passwords that must be changed, and when a password was last confirmed

Revision 0012, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    must_change = sa.Column("must_change_password", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("user_account", must_change)
    op.add_column("web_session", sa.Column("confirmed_at", db.UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("web_session", "confirmed_at")
    op.drop_column("user_account", "must_change_password")
