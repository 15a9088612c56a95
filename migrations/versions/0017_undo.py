"""Operations that reverse others, and the problems that a changed cell had before

Revision 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operation", sa.Column("reverses", sa.Integer(), nullable=True))
    op.create_index("uq_operation_batch_id_reverses", "operation", ["batch_id", "reverses"], unique=True)
    op.add_column("cell_change", sa.Column("issues", db.JSONValue, nullable=True))


def downgrade() -> None:
    op.drop_column("cell_change", "issues")
    op.drop_index("uq_operation_batch_id_reverses", "operation")
    op.drop_column("operation", "reverses")
