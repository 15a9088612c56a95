"""Amounts of executed batches, by which auditors filter them, and permissions of auditors to read retention

Revision 0030, after 0029.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


#: What auditors read of retention. Roles that were edited get it as well, and lose nothing.
PERMISSIONS = tuple(
    f"{table}:{may}" for table in ("retention", "legal-holds", "tombstones") for may in ("view", "export")
)


def upgrade() -> None:
    op.add_column("batch", sa.Column("executed_amount", db.ExactDecimal(18, 4), nullable=True))
    for permission in PERMISSIONS:
        op.get_bind().execute(
            sa.text(
                "INSERT INTO role_permission (role_id, permission) SELECT id, :given FROM role WHERE name = 'auditor'"
                " AND NOT EXISTS (SELECT 1 FROM role_permission WHERE role_id = role.id AND permission = :present)"
            ),
            {"given": permission, "present": permission},
        )


def downgrade() -> None:
    for permission in PERMISSIONS:
        op.get_bind().execute(
            sa.text(
                "DELETE FROM role_permission WHERE permission = :permission"
                " AND role_id IN (SELECT id FROM role WHERE name = 'auditor')"
            ),
            {"permission": permission},
        )
    op.drop_column("batch", "executed_amount")
