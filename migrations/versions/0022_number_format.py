"""People choose in which format they write and read numbers

Revision 0022, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_account", sa.Column("number_format", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("user_account", "number_format")
