"""Changed cells of bulk operations, packed into chunks

Revision 0031, after 0030.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook.batches import freeze_table, unfreeze_table

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

#: What unpacks the chunks, by database.
_UNPACKED = {
    "sqlite": "SELECT batch_id, operation, position + cell.key, json_extract(cell.value, '$[0]'),"
    " json_extract(cell.value, '$[1]'), json_extract(cell.value, '$[2]'), json_extract(cell.value, '$[3]'),"
    " json_extract(cell.value, '$[4]') FROM cell_chunk, json_each(data) AS cell",
    "postgresql": "SELECT batch_id, operation, position + number - 1, CAST(value ->> 0 AS INTEGER), value ->> 1,"
    " value ->> 2, value ->> 3, CAST(value -> 4 AS JSONB)"
    " FROM cell_chunk, json_array_elements(CAST(data AS JSON)) WITH ORDINALITY AS cell(value, number)",
}
_NUMBERS = ("batch_id", "operation", "position", "cells", "first_sequence", "last_sequence")


def upgrade() -> None:
    op.create_table(
        "cell_chunk",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _NUMBERS),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id", "operation"],
            ["operation.batch_id", "operation.number"],
            name="fk_cell_chunk_batch_id_operation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "operation", "position", name="pk_cell_chunk"),
    )
    op.create_index("ix_cell_chunk_batch_id_first_sequence", "cell_chunk", ["batch_id", "first_sequence"])
    freeze_table(op.get_bind(), "cell_chunk")


def downgrade() -> None:
    connection = op.get_bind()
    unfreeze_table(connection, "cell_change")
    names = "batch_id, operation, position, sequence, field, old, new, issues"
    connection.exec_driver_sql(f"INSERT INTO cell_change ({names}) {_UNPACKED[connection.dialect.name]}")
    freeze_table(connection, "cell_change")
    op.drop_table("cell_chunk")
