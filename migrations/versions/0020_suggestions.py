"""Products are found by the beginning of their item code or description

Revision 0020, after 0019.
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("item_code", "description"):
        op.create_index(f"ix_product_{name}", "product", [name], postgresql_ops={name: "text_pattern_ops"})


def downgrade() -> None:
    for name in ("description", "item_code"):
        op.drop_index(f"ix_product_{name}", table_name="product")
