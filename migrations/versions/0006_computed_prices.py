"""Computed prices: the catalogue price behind each one

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("price_change_row", sa.Column("computed_from", db.ExactDecimal(12, 2), nullable=True))
    op.add_column(
        "price_change_row",
        sa.Column("price_moved", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("price_change_row", "price_moved")
    op.drop_column("price_change_row", "computed_from")
