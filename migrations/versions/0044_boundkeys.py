"""Idempotency keys are bound to what they are for

Revision 0044, after 0043.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sent_form", sa.Column("bound_to", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("sent_form", "bound_to")
