"""A batch type that is nothing but lookups: items that are counted, and what they take from the catalogue.

The brand stands for another code by which a product is known. Its tables have a metadata of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Engine, ForeignKey, MetaData, String, func, insert
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.batches import (
    Batch,
    BatchHandler,
    BatchRow,
    BatchType,
    ExecutionPolicy,
    FileSource,
    Lookup,
    LookupStatus,
    Outcome,
    Rows,
    Severity,
    Status,
    column,
    editable,
)
from batchbook.batches.freeze import freeze_table
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import PRICE, Department, Product, Vendor
from batchbook.db.base import NAMING_CONVENTION
from batchbook.db.transactions import transaction_scope
from batchbook.forms import Field, Form
from batchbook.grid import Kind

TALLIES = MetaData(naming_convention=NAMING_CONVENTION)


class TallyStatus(Status, extends=LookupStatus):
    OK = "ok", "OK", Severity.SUCCESS, "="
    INACTIVE = "inactive", "Not active", Severity.WARNING, "◌"
    OTHER_VENDOR = "other_vendor", "Other vendor", Severity.WARNING, "≠"
    NO_SHELF = "no_shelf", "No such shelf", Severity.ERROR, "✕"


class Tally(Batch):
    __tablename__ = "tally"
    metadata = TALLIES
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "tally"}

    id: Mapped[int] = mapped_column(ForeignKey(Batch.__table__.c.id, ondelete="CASCADE"), primary_key=True)
    vendor_code: Mapped[str | None] = editable(String(20))


class TallyRow(BatchRow):
    __tablename__ = "tally_row"
    __batch__ = Tally
    metadata = TALLIES

    item_code: Mapped[str | None] = editable(String(20))
    counted: Mapped[int | None] = editable()
    shelf: Mapped[str | None] = editable(String(60))
    description: Mapped[str | None] = column(String(200))
    price: Mapped[Decimal | None] = column(PRICE)
    vendor: Mapped[str | None] = column(String(20))
    value: Mapped[Decimal | None] = column(PRICE)
    shelf_id: Mapped[int | None] = column()


PRODUCTS = Lookup(
    column="item_code",
    key=Product.item_code,
    also=(Product.brand, Product.size),
    take={
        "description": Product.description,
        "price": Product.price,
        "vendor": Vendor.code,
        "value": func.coalesce(Product.cost, Product.price),
    },
    joins=(Product.vendor,),
    missing=TallyStatus.NOT_FOUND,
    unless=(
        (~Product.active, TallyStatus.INACTIVE),
        (Vendor.code != Tally.vendor_code, TallyStatus.OTHER_VENDOR),
    ),
    found=TallyStatus.OK,
    watch=("price", "vendor"),
    overridden_by="keep",
)


class TallyHandler(BatchHandler[Tally, TallyRow]):
    """Takes everything from the catalogue, and changes nothing."""

    statuses = TallyStatus
    lookups = (PRODUCTS,)
    file_source = FileSource(columns={"item": "item_code", "counted": "counted"})
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of("keep", Kind.BOOLEAN, label="Keep the count"),
                Field.of("most", Kind.INTEGER, label="At most"),
            ]
        )
    )

    def execute(self, batch: Tally, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        return Outcome(f"{rows.count()} rows counted.")


#: The shelf need not be named; a wrong one is an error.
SHELVES = Lookup(
    column="shelf",
    key=Department.name,
    take={"shelf_id": Department.id},
    unless=((Department.name == "CLOSED", TallyStatus.NO_SHELF),),
)


class ShelvedHandler(TallyHandler):
    """Looks up products and shelves."""

    lookups = (PRODUCTS, SHELVES)
    file_source = FileSource(columns={"item": "item_code", "counted": "counted", "shelf": "shelf"})


def tally(handler: type[BatchHandler[Any, Any]] = TallyHandler) -> BatchType:
    return BatchType("tally", Tally, SharedTable(TallyRow), handler, object, "Tally", "Tallies")


#: Item code, description, price, vendor, active, and two other codes.
PRODUCT_LIST = (
    ("A-1", "Apples", "1.00", "V1", True, "900", "x1"),
    ("A-2", "Pears", "2.00", "V2", True, "901", "x2"),
    ("B-1", "Plums", "3.00", None, True, "902", "902"),
    ("C-1", "Old", "4.00", "V1", False, "903", None),
    ("D-1", "One", "5.00", "V1", True, "777", None),
    ("D-2", "Another", "6.00", "V1", True, "777", None),
    ("e1", "Small", "7.00", "V1", True, None, None),
    ("E 1", "Wide", "8.00", "V1", True, "a1", None),
)


def make_tables(engine: Engine) -> None:
    """Make the tables and the catalogue."""
    with engine.begin() as connection:
        TALLIES.create_all(connection)
        freeze_table(connection, "tally", "id")
        freeze_table(connection, "tally_row")
    with transaction_scope(engine) as session:
        vendors = {code: Vendor(code=code) for code in ("V1", "V2")}
        session.add_all([*vendors.values(), Department(name="FRONT"), Department(name="CLOSED")])
        session.flush()
        session.execute(
            insert(Product),
            [
                {
                    "item_code": code,
                    "description": text,
                    "price": Decimal(price),
                    "vendor_id": vendors[vendor].id if vendor else None,
                    "active": active,
                    "brand": brand,
                    "size": size,
                }
                for code, text, price, vendor, active, brand, size in PRODUCT_LIST
            ],
        )
