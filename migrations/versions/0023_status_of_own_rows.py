"""Rows of a status are found by an index in the row tables of single batches, too

Revision 0023, after 0022. Row tables that are made from now on have this index.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ROW_TABLE = re.compile(r"row_\d+")


def upgrade() -> None:
    for name in _row_tables():
        op.create_index(f"ix_{name}_status", name, ["batch_id", "status", "sequence", "removed"])


def downgrade() -> None:
    for name in _row_tables():
        op.drop_index(f"ix_{name}_status", name)


def _row_tables() -> list[str]:
    """Return the names of the row tables of single batches."""
    return sorted(filter(_ROW_TABLE.fullmatch, sa.inspect(op.get_bind()).get_table_names()))
