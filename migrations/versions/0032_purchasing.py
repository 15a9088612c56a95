"""Codes, units and reorder points of products, vendor items, records of costs and stock, and documents of purchasing

Revision 0032, after 0031.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batchbook import db
from batchbook.batches import append_only

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

#: The permissions that shipped roles get for the new pages; administrators may do everything already.
_GIVEN = {
    "staff": ("vendor-items:view", "vendor-items:edit", "vendor-items:export"),
    "auditor": ("vendor-items:view", "vendor-items:export"),
}
_DOCUMENTS = tuple(
    f"{table}:{may}" for table in ("purchase-orders", "receipts", "payables") for may in ("view", "export")
)


def upgrade() -> None:
    op.create_table(
        "payable",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.Integer(), nullable=False),
        sa.Column("invoice_number", sa.String(length=40), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("total", db.ExactDecimal(precision=12, scale=2), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendor.id"], name=op.f("fk_payable_vendor_id_vendor"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payable")),
        sa.UniqueConstraint("vendor_id", "invoice_number", name=op.f("uq_payable_vendor_id")),
    )
    op.create_index("ix_payable_batch_id", "payable", ["batch_id"])
    op.create_index("ix_payable_due_on", "payable", ["due_on"])
    op.create_index("ix_payable_invoice_date", "payable", ["invoice_date"])
    op.create_table(
        "purchase_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("ordered_at", db.UTCDateTime(), nullable=False),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendor.id"], name=op.f("fk_purchase_order_vendor_id_vendor"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order")),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_order_number")),
    )
    op.create_index("ix_purchase_order_batch_id", "purchase_order", ["batch_id"])
    op.create_index("ix_purchase_order_ordered_at", "purchase_order", ["ordered_at"])
    op.create_index("ix_purchase_order_state", "purchase_order", ["state"])
    op.create_index("ix_purchase_order_vendor_id", "purchase_order", ["vendor_id"])
    op.create_table(
        "cost_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("old_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("new_cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("changed_at", db.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
            name=op.f("fk_cost_history_product_id_product"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendor.id"], name=op.f("fk_cost_history_vendor_id_vendor"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_history")),
    )
    op.create_index("ix_cost_history_batch_id", "cost_history", ["batch_id"])
    op.create_index("ix_cost_history_changed_at", "cost_history", ["changed_at"])
    op.create_index("ix_cost_history_product_id", "cost_history", ["product_id"])
    op.create_index("ix_cost_history_vendor_id", "cost_history", ["vendor_id"])
    op.create_table(
        "purchase_order_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("vendor_item_code", sa.String(length=40), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("case_pack", sa.Integer(), nullable=True),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("received", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["purchase_order.id"],
            name=op.f("fk_purchase_order_line_order_id_purchase_order"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
            name=op.f("fk_purchase_order_line_product_id_product"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order_line")),
        sa.UniqueConstraint("order_id", "line", name=op.f("uq_purchase_order_line_order_id")),
    )
    op.create_index("ix_purchase_order_line_product_id", "purchase_order_line", ["product_id"])
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("received_at", db.UTCDateTime(), nullable=False),
        sa.Column("received_by", sa.String(length=80), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["purchase_order.id"],
            name=op.f("fk_receipt_order_id_purchase_order"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendor.id"], name=op.f("fk_receipt_vendor_id_vendor"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("number", name=op.f("uq_receipt_number")),
    )
    op.create_index("ix_receipt_batch_id", "receipt", ["batch_id"])
    op.create_index("ix_receipt_order_id", "receipt", ["order_id"])
    op.create_index("ix_receipt_received_at", "receipt", ["received_at"])
    op.create_index("ix_receipt_vendor_id", "receipt", ["vendor_id"])
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("changed_at", db.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
            name=op.f("fk_stock_movement_product_id_product"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    op.create_index("ix_stock_movement_batch_id", "stock_movement", ["batch_id"])
    op.create_index("ix_stock_movement_changed_at", "stock_movement", ["changed_at"])
    op.create_index("ix_stock_movement_product_id", "stock_movement", ["product_id"])
    op.create_table(
        "vendor_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("vendor_item_code", sa.String(length=40), nullable=True),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("case_pack", sa.Integer(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("modified_at", db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_vendor_item_product_id_product"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_item_vendor_id_vendor"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_item")),
        sa.UniqueConstraint("vendor_id", "product_id", name=op.f("uq_vendor_item_vendor_id")),
    )
    op.create_index("ix_vendor_item_product_id", "vendor_item", ["product_id"])
    op.create_index("ix_vendor_item_vendor_id", "vendor_item", ["vendor_id", "vendor_item_code"])
    op.create_table(
        "receipt_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("damaged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expired", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("credit", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("invoiced", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
            name=op.f("fk_receipt_line_product_id_product"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipt.id"],
            name=op.f("fk_receipt_line_receipt_id_receipt"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_line")),
        sa.UniqueConstraint("receipt_id", "line", name=op.f("uq_receipt_line_receipt_id")),
    )
    op.create_index("ix_receipt_line_product_id", "receipt_line", ["product_id"])
    op.create_table(
        "payable_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payable_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("receipt_line_id", sa.Integer(), nullable=True),
        sa.Column("item_code", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cost", db.ExactDecimal(precision=12, scale=2), nullable=True),
        sa.Column("amount", db.ExactDecimal(precision=12, scale=2), nullable=False),
        sa.ForeignKeyConstraint(
            ["payable_id"],
            ["payable.id"],
            name=op.f("fk_payable_line_payable_id_payable"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["receipt_line_id"],
            ["receipt_line.id"],
            name=op.f("fk_payable_line_receipt_line_id_receipt_line"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payable_line")),
        sa.UniqueConstraint("payable_id", "line", name=op.f("uq_payable_line_payable_id")),
    )
    op.create_index("ix_payable_line_receipt_line_id", "payable_line", ["receipt_line_id"])
    op.add_column("product", sa.Column("upc", sa.String(length=14), nullable=True))
    op.add_column("product", sa.Column("unit", sa.String(length=10), server_default="each", nullable=False))
    op.add_column("product", sa.Column("case_unit", sa.String(length=10), nullable=True))
    op.add_column("product", sa.Column("case_pack", sa.Integer(), nullable=True))
    op.add_column("product", sa.Column("reorder_point", sa.Integer(), nullable=True))
    op.create_index("ix_product_upc", "product", ["upc"])
    for table in ("cost_history", "stock_movement"):
        append_only(op.get_bind(), table)
    given = sa.text(
        "INSERT INTO role_permission (role_id, permission) SELECT id, :permission FROM role WHERE name = :role"
        " AND EXISTS (SELECT 1 FROM role_permission WHERE role_id = role.id AND permission = 'vendors:view')"
    )
    for role, permissions in _GIVEN.items():
        for permission in (*permissions, *_DOCUMENTS):
            op.execute(given.bindparams(permission=permission, role=role))


def downgrade() -> None:
    op.execute(
        "DELETE FROM role_permission WHERE permission LIKE 'vendor-items:%' OR permission LIKE 'purchase-orders:%'"
        " OR permission LIKE 'receipts:%' OR permission LIKE 'payables:%'"
    )
    op.drop_index("ix_product_upc", "product")
    for name in ("reorder_point", "case_pack", "case_unit", "unit", "upc"):
        op.drop_column("product", name)
    for table in (
        "payable_line", "receipt_line", "vendor_item", "stock_movement", "receipt", "purchase_order_line", "cost_history",
        "purchase_order", "payable",
    ):  # fmt: skip
        op.drop_table(table)
