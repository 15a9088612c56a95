"""Batches that were made from others

Revision 0034, after 0033.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("made_from", sa.Integer(), nullable=True))
    op.create_index("ix_batch_made_from", "batch", ["made_from"])


def downgrade() -> None:
    op.drop_index("ix_batch_made_from", "batch")
    op.drop_column("batch", "made_from")
