"""Rows of imports are found by the record that they are about

Revision 0007, after 0006. Each import has a row table of its own, which has this index from now on when it is made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in _row_tables():
        op.create_index(f"ix_{name}_record_id", name, ["record_id"])


def downgrade() -> None:
    for name in _row_tables():
        op.drop_index(f"ix_{name}_record_id", name)


def _row_tables() -> list[str]:
    """Return the names of the row tables of imports that were populated."""
    batches = op.get_bind().scalars(sa.text("SELECT id FROM batch WHERE type = 'import'")).all()
    there = set(sa.inspect(op.get_bind()).get_table_names())
    return [name for name in (f"row_{number}" for number in batches) if name in there]
