"""Rows of a status, and those with problems, are found by an index

Revision 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TABLE = "price_change_row"
_WITH_ISSUES = sa.text("issues IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_price_change_row_batch_id_status", _TABLE, ["batch_id", "status", "sequence", "removed"]
    )
    op.create_index(
        "ix_price_change_row_batch_id_issues",
        _TABLE,
        ["batch_id", "sequence", "removed"],
        sqlite_where=_WITH_ISSUES,
        postgresql_where=_WITH_ISSUES,
    )


def downgrade() -> None:
    op.drop_index("ix_price_change_row_batch_id_issues", _TABLE)
    op.drop_index("ix_price_change_row_batch_id_status", _TABLE)
