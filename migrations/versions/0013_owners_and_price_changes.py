"""An index by which the latest changes of prices are found, and pages of them

Revision 0013, after 0010.
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_price_history_changed_at"), "price_history", ["changed_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_price_history_changed_at"), "price_history")
