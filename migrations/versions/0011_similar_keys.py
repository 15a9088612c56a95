"""Similar keys of imports: what is done with a key that differs from another one in its writing only

Revision 0011, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Earlier imports treated all keys as different, and do so in their record.
    op.add_column("import", sa.Column("similar_keys", sa.String(10), server_default="create", nullable=False))


def downgrade() -> None:
    op.drop_column("import", "similar_keys")
