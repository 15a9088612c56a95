"""Costs of products, and price changes by an amount, to a price, and by a margin over the cost

Revision 0015, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook.db import ExactDecimal

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("product", "cost", 12),
    ("price_change", "amount", 12),
    ("price_change", "set_to", 12),
    ("price_change", "margin", 7),
    ("price_change_row", "cost", 12),
)


def upgrade() -> None:
    for table, name, precision in _COLUMNS:
        op.add_column(table, sa.Column(name, ExactDecimal(precision, 2), nullable=True))


def downgrade() -> None:
    for table, name, _ in reversed(_COLUMNS):
        op.drop_column(table, name)
