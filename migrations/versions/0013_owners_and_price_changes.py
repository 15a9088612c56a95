"""Owners of batches that were handed over, and an index for the latest changes of prices

Revision 0013, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("handed_to", sa.String(64), nullable=True))
    op.create_index(op.f("ix_price_history_changed_at"), "price_history", ["changed_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_price_history_changed_at"), "price_history")
    op.drop_column("batch", "handed_to")
