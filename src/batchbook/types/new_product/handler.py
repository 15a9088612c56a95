"""The handler of proposals of new products: check them against the catalogue, and create them in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from batchbook.batches import (
    BatchHandler,
    Block,
    Callbacks,
    Duplicates,
    ExecutionPolicy,
    FileSource,
    FromBatch,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Scan,
    Source,
    Status,
    TargetRecords,
    Total,
    TouchedRecords,
    input_file,
)
from batchbook.catalog.models import Department, Product, Vendor, VendorItem
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.new_product.checks import check, codes_written_alike, normalise, resolve_name
from batchbook.types.new_product.creation import COPIED, Creation, has_item, has_status
from batchbook.types.new_product.likeness import LikeProducts, code_problem, plain_code
from batchbook.types.new_product.models import (
    APPLICABLE,
    NewProduct,
    NewProductRow,
    ProposalsStatus,
    ProposalStatus,
)
from batchbook.words import counted

_row = NewProductRow

#: The headings that vendors and head offices use in their lists.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "item_code": ("item", "item number", "item no", "article", "article number", "sku", "product code"),
    "upc": ("ean", "gtin", "barcode", "bar code", "upc code", "upc/ean", "ean code"),
    "description": ("name", "item description", "product", "product name"),
    "size": ("pack size", "package"),
    "department": ("dept",),
    "vendor_code": ("vendor", "supplier", "supplier code"),
    "price": ("unit price", "retail price", "list price", "retail", "new price"),
    "cost": ("unit cost", "cost price", "purchase price"),
    "unit": ("uom", "unit of measure"),
    "case_pack": ("pack", "case quantity", "units per case"),
    "vendor_item_code": ("vendor item", "vendor code of item", "supplier item", "supplier item code"),
}


#: A code that people type for a new product which has no bar code.
_ITEM_CODE = re.compile(r"[A-Za-z0-9._/-]{1,20}")


def _after_edit(handler: NewProductHandler, batch: NewProduct, rows: Rows) -> None:
    """Refresh the few rows of an edit, without reading the others of the batch and the whole catalogue."""
    normalise(handler.session, batch, rows)
    handler._normalised = True
    handler.refresh(batch, rows)


def _scanned(handler: NewProductHandler, _batch: NewProduct, scan: Scan) -> RowValues | None:
    """Return a row for a code that the catalogue lacks; raise ``BadInput`` for one that it has, or that is wrong."""
    if scan.problem:
        raise BadInput(f"{scan.problem} Scan it again; nothing was entered.")
    known = or_(Product.item_code.in_(scan.candidates), Product.upc.in_(scan.candidates))
    there = handler.session.execute(select(Product.item_code, Product.description).where(known)).first()
    if there is not None:
        raise BadInput(f"The catalogue has “{scan.code}” already: {there.item_code}, {there.description}.")
    upc = next((one for one in scan.candidates if code_problem(one) is None), None)
    if upc is not None:
        return {"upc": plain_code(upc)}
    return {"item_code": scan.code} if _ITEM_CODE.fullmatch(scan.code) else None


class NewProductHandler(BatchHandler[NewProduct, NewProductRow]):
    """Handles proposals of new products. Rows are checked chunk by chunk, and created by one statement."""

    statuses: ClassVar[type[Status]] = ProposalStatus
    header_statuses: ClassVar[type[Status]] = ProposalsStatus
    sources: ClassVar[tuple[Source, ...]] = (
        FromBatch(
            "price_change",
            columns={
                "item_code": "item_code",
                "description": "description",
                "size": "size",
                "new_price": "price",
            },
            header={"vendor_code": "vendor_code", "department": "department"},
        ),
        # Codes that the catalogue does not have; one that it has is told so.
        FromBatch(
            "handheld",
            columns={"item_code": "upc"},
            header={"vendor_code": "vendor_code", "description": "description"},
            adds=(),
        ),
        FromBatch(
            "vendor_catalog",
            columns={
                "upc": "upc",
                "description": "description",
                "new_cost": "cost",
                "case_pack": "case_pack",
            },
            header={"vendor_code": "vendor_code"},
        ),
    )
    callbacks = Callbacks(after_edit=_after_edit)
    peer_columns: tuple[str, ...] = ("item_code",)
    also_peers: tuple[tuple[str, ...], ...] = (("upc",),)
    duplicates = Duplicates(status=ProposalStatus.DUPLICATE, key=("item_code",), number="price")
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a new code", named_by=("item_code", "upc"), row_for=_scanned
    )
    file_source: FileSource | None = FileSource(
        columns={
            "item_code": "item_code",
            "upc": "upc",
            "description": "description",
            "size": "size",
            "department": "department",
            "vendor_code": "vendor_code",
            "category": "category",
            "brand": "brand",
            "unit": "unit",
            "case_unit": "case_unit",
            "case_pack": "case_pack",
            "reorder_point": "reorder_point",
            "vendor_item_code": "vendor_item_code",
            "cost": "cost",
            "price": "price",
        },
        optional=(
            "item_code", "upc", "size", "department", "vendor_code", "category", "brand", "unit", "case_unit", "case_pack",
            "reorder_point", "vendor_item_code", "cost", "price",
        ),
        key=("item_code",),
        synonyms=_SYNONYMS,
        sender="vendor_code",
        line_column="line",
    )  # fmt: skip
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "apply",
                    Kind.CHOICE,
                    label="Create",
                    widget="checkboxes",
                    choices=choices_of(APPLICABLE),
                    required=True,
                ),
                Field.of(
                    "active",
                    Kind.BOOLEAN,
                    label="Put them on sale at once",
                    help="If off, they are created inactive.",
                ),
                Field.of(
                    "follow_up",
                    Kind.BOOLEAN,
                    label="Copy rows that are left out into a new batch",
                ),
            ]
        ),
        defaults={"apply": [ProposalStatus.NEW.value], "active": "true"},
    )
    #: Whether all rows are normalised. They are before the first ones are checked, so that duplicates are found.
    _normalised = False
    #: The forms of item codes that several rows have, once they are known for all rows.
    _alike: Collection[str] = ()

    @property
    def products(self) -> LikeProducts:
        """The products of the catalogue, of which similar ones are found."""
        return LikeProducts(self.session)

    def before_create(self, batch: NewProduct, *, has_file: bool) -> None:  # noqa: ARG002 - It is a hook.
        """Refuse a vendor or a department that the catalogue lacks, and take its spelling of one that it has."""
        batch.vendor_code = resolve_name(self.session, Vendor.code, "vendor", batch.vendor_code)
        batch.department = resolve_name(self.session, Department.name, "department", batch.department)

    def populate(self, batch: NewProduct) -> Iterable[RowValues | Block]:
        """Return the rows of the list; none for a batch without one, whose rows are scanned or added by hand."""
        return super().populate(batch) if input_file(self.session, batch) else ()

    def refresh(self, batch: NewProduct, rows: Rows) -> None:
        """Check ``rows`` against the catalogue and the other rows."""
        if not self._normalised:
            self._normalised = True
            whole = Rows.of_batch(self.session, batch, self.row_model, rows.now, self.statuses)
            for chunk in whole.chunks(self.chunk_size):
                normalise(self.session, batch, chunk)
            self._alike = codes_written_alike(self.session, batch)
            self.products.update_index()
        check(self.session, batch, rows, self.products, self._alike)

    def header_status(self, batch: NewProduct) -> str | None:
        """Return whether all rows can be created, or something is open."""
        if not batch.kept_count:
            return None
        ready = batch.count_of(ProposalStatus.NEW) == batch.kept_count
        return ProposalsStatus.READY if ready else ProposalsStatus.QUESTIONS

    def totals(self, batch: NewProduct) -> list[Total]:
        """Return how many of the new products lack a code, a vendor or a cost, without which they cannot be scanned or ordered."""
        lacking = {"upc": "UPC/EAN", "vendor_code": "vendor", "cost": "cost"}
        counts = [func.count().filter(getattr(_row, name).is_(None)) for name in lacking]
        kept = select(*counts).where(_row.batch_id == batch.id, ~_row.removed, has_status(APPLICABLE))
        found = self.session.execute(kept).one()
        return [
            Total(f"Without a {words}", f"{count:,}", (name,))
            for (name, words), count in zip(lacking.items(), found, strict=True)
            if count
        ]

    def why_not_execute(self, batch: NewProduct) -> str | None:
        """Return the reason where no row can be created."""
        if batch.count_of(*APPLICABLE):
            return None
        return "None of its rows is a new product that can be created, so there is nothing to execute."

    def describe_execution(self, batch: NewProduct, options: Mapping[str, Any]) -> list[str]:
        """Return how many products are created, and how many rows of which statuses are left out."""
        chosen = options["apply"]
        products = counted(batch.count_of(*chosen), "product is created", "products are created")
        sentences = [f"{products}, {'on sale at once' if options['active'] else 'not on sale yet'}."]
        similar = batch.count_of(ProposalStatus.SIMILAR)
        if similar and ProposalStatus.SIMILAR in chosen:
            sentences.append(f"{similar:,} of them may be products that the catalogue has already.")
        kept = select(func.count()).where(_row.batch_id == batch.id, ~_row.removed)
        if items := self.session.scalar(kept.where(has_status(chosen), has_item())):
            sentences.append(f"{counted(items, 'vendor item is', 'vendor items are')} created with them.")
        left_out = [s for s in self.statuses if s not in chosen and batch.count_of(s)]
        if left_out:
            words = ", ".join(f"{batch.count_of(s):,} {s.label[0].lower()}{s.label[1:]}" for s in left_out)
            copied = "Copied into a new batch" if options["follow_up"] else "Left out"
            sentences.append(f"{copied}: {words}.")
        return sentences

    def target_records(self, batch: NewProduct, options: Mapping[str, Any]) -> list[TargetRecords]:  # noqa: ARG002 - It is a hook.
        """Return the products and vendor items that rows of the chosen statuses create."""
        where, join = has_status(options["apply"]), Product.item_code == _row.item_code
        fields = {name: getattr(Product, name) for name in (*COPIED, "unit", "case_unit", "active")}
        fields["department"] = (
            select(Department.name).where(Department.id == Product.department_id).scalar_subquery()
        )
        fields["vendor"] = select(Vendor.code).where(Vendor.id == Product.vendor_id).scalar_subquery()
        of_item = aliased(Product)
        code = select(of_item.item_code).where(of_item.id == VendorItem.product_id).scalar_subquery()
        items = {name: getattr(VendorItem, name) for name in ("vendor_item_code", "cost", "case_pack")}
        return [
            TargetRecords(
                model=Product, key=Product.item_code, join=join, fields=fields, where=where, locked=False
            ),
            TargetRecords(
                model=VendorItem,
                key=code,
                join=and_(VendorItem.product_id == Product.id, join),
                fields=items,
                where=where,
                locked=False,
            ),
        ]

    def execute(self, batch: NewProduct, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Create the products of the chosen rows, or none of them."""
        if not batch.count_of(*options["apply"]):
            raise Conflict(
                "Nothing was created, because no row has a status that was chosen. Choose another one."
            )
        chosen = has_status(options["apply"])
        creation = Creation(self.session, batch, and_(rows.where, chosen), self.context.now)
        self.report("look for products that were created meanwhile")
        creation.refuse_conflicts()
        self.report("create the products")
        created = creation.create_products(active=options["active"])
        self.report("create the vendor items")
        items = creation.create_vendor_items()
        left_out = batch.kept_count - created
        figures = {"created": created, "vendor_items": items, "left_out": left_out}
        words = f"{counted(created, 'product')} created, {counted(left_out, 'row')} left out."
        return Outcome(words, figures, ~chosen if options["follow_up"] and left_out else None)
