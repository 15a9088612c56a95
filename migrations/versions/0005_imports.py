"""Imports

Revision 0005, after 0004. The rows of an import are in a table of its own, made when it is populated.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook.batches import freeze_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import",
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("key_name", sa.String(length=200), nullable=True),
        sa.Column("empty_cells", sa.String(length=10), nullable=False),
        sa.Column("unknown", sa.String(length=10), nullable=False),
        sa.Column("scope_field", sa.String(length=60), nullable=True),
        sa.Column("scope_value", sa.String(length=200), nullable=True),
        sa.Column("sender", sa.String(length=60), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["batch.id"], name=op.f("fk_import_id_batch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
    )
    freeze_table(op.get_bind(), "import", "id")


def downgrade() -> None:
    # What remains of imports: their tables go with them. Those of executed ones are gone then, too.
    connection = op.get_bind()
    for number in connection.execute(sa.text('SELECT id FROM "import"')).scalars().all():
        op.execute(f'DROP TABLE IF EXISTS "row_{number:d}"')
    op.drop_table("import")
