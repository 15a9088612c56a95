"""Lines of price lists: which row of its file a row of a price change comes from

Revision 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("price_change_row", sa.Column("line", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("price_change_row", "line")
