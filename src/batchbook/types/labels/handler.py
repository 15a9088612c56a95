"""Handling of labels: rows from the catalogue, a list, another batch or scans, and their printing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, case, exists, func, literal, or_, select

from batchbook.batches import (
    BatchHandler,
    Block,
    ExecutionPolicy,
    FileSource,
    FromBatch,
    FromSearch,
    Lookup,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Severity,
    Source,
    Status,
    Total,
    TouchedRecords,
    input_file,
)
from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.db import decimal_text, spelled_like
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.labels.barcodes import is_gtin
from batchbook.types.labels.models import PRINTABLE, USUAL, LabelRow, Labels, LabelStatus
from batchbook.types.labels.printing import PDF, ZPL, LabelFiles, LabelSetup, Portion, portions, print_labels
from batchbook.types.labels.zpl import DOTS
from batchbook.words import counted, quoted_list

_row = LabelRow
_PAGE = 5_000
_UNPRINTABLE = "unprintable"
#: The columns whose texts are printed, and may be in any script.
_TEXTS = ("description", "size", "unit")
_OPTIONS = Form(
    [
        Field.of(
            "print",
            Kind.CHOICE,
            label="Print labels that are",
            widget="checkboxes",
            choices=choices_of(PRINTABLE),
            required=True,
        ),
        Field.of(
            "files",
            Kind.CHOICE,
            label="Files",
            widget="checkboxes",
            choices=choices_of(((PDF, "PDF"), (ZPL, "ZPL, for Zebra printers"))),
            required=True,
        ),
        Field.of(
            "start_at",
            Kind.INTEGER,
            label="Start at label",
            help="The first free label of a partly used sheet, counted along the rows.",
            minimum=1,
            required=True,
        ),
        Field.of(
            "resolution",
            Kind.CHOICE,
            label="Dots per inch",
            help="The resolution of the printer for ZPL.",
            choices=choices_of((dpi, f"{dpi} dpi") for dpi in DOTS),
            required=True,
        ),
        Field.of(
            "keep",
            Kind.BOOLEAN,
            label="Print although prices changed since the refresh",
            help="If off, nothing is printed when a price has changed since the refresh.",
        ),
    ]
)


class LabelHandler(BatchHandler[Labels, LabelRow]):
    """Handles labels. A refresh is set-based SQL; printing reads the rows in chunks."""

    statuses: ClassVar[type[Status]] = LabelStatus
    refresh_chunk_size: ClassVar[int | None] = 50_000
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    file_source: FileSource | None = FileSource(
        columns={"item_code": "item_code", "copies": "copies", "label_size": "label_size"},
        optional=("copies", "label_size"),
        key=("item_code",),
        synonyms={
            "copies": ("quantity", "qty", "labels", "count"),
            "item_code": ("item", "sku", "upc", "ean"),
        },
    )
    lookups: tuple[Lookup, ...] = (
        Lookup(
            column="item_code",
            key=Product.item_code,
            also=(Product.upc,),
            take={
                "description": Product.description,
                "size": Product.size,
                "unit": Product.unit,
                "upc": Product.upc,
                "catalogue_price": Product.price,
                "price": func.coalesce(_row.given_price, Product.price),
            },
            missing=LabelStatus.NOT_FOUND,
            unless=(
                (_row.given_price != Product.price, LabelStatus.PRICE_CHANGED),
                (~Product.active, LabelStatus.INACTIVE),
            ),
            found=LabelStatus.READY,
            watch=("catalogue_price",),
            overridden_by="keep",
        ),
    )
    sources: ClassVar[tuple[Source, ...]] = (
        FromBatch("price_change", columns={"item_code": "item_code", "new_price": "given_price"}),
        FromBatch("price_promotion", columns={"item_code": "item_code", "promotion_price": "given_price"}),
        FromBatch("new_product", columns={"item_code": "item_code", "price": "given_price"}),
        FromBatch("receiving", columns={"item_code": "item_code"}),
        FromBatch("inventory_count", columns={"item_code": "item_code"}),
        FromBatch(
            "handheld",
            columns={"item_code": "item_code", "quantity": "copies"},
            header={"description": "description"},
            adds=("copies",),
        ),
        FromSearch(Product, columns={"item_code": "item_code"}),
    )
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a code",
        find=(Product.upc, Product.item_code),
        key="item_code",
        adds="copies",
        named_by=("description",),
    )
    execution_policy = ExecutionPolicy(
        options=_OPTIONS,
        defaults={
            "print": [str(status) for status in USUAL],
            "files": [PDF],
            "start_at": "1",
            "resolution": next(iter(DOTS)),
        },
    )

    @property
    def setup(self) -> LabelSetup:
        """How labels are printed at this shop."""
        setup: LabelSetup = self.services["setup"]
        return setup

    def before_create(self, batch: Labels, *, has_file: bool) -> None:
        """Spell vendor and department as the catalogue does; refuse a query together with a list or with chosen rows."""
        asked = (batch.department, batch.vendor_code, batch.price_changed_since, batch.changed_since)
        if any(asked) and (has_file or batch.has_chosen_rows):
            given = "a list" if has_file else "the chosen rows"
            raise BadInput(f"Give either {given} or the products to choose from the catalogue, not both.")
        batch.vendor_code = self._spelling(Vendor.code, "vendor", batch.vendor_code)
        batch.department = self._spelling(Department.name, "department", batch.department)

    def _spelling(self, names: Any, what: str, text: str | None) -> str | None:
        if not text:
            return None
        found = spelled_like(self.session, names, text)
        if not found:
            raise BadInput(f"There is no {what} “{text}” in the catalogue.")
        if len(found) > 1:
            raise BadInput(f"“{text}” may be more than one {what}: {quoted_list(found)}.")
        return found[0]

    def populate(self, batch: Labels) -> Iterable[RowValues | Block]:
        """Yield the rows of the list, or the products that the header asks for; none if it asks for none."""
        if input_file(self.session, batch) is not None:
            yield from super().populate(batch)
            return
        conditions = [*self._conditions(batch)]
        if not conditions:
            return
        wanted = select(Product.item_code).where(Product.active, *conditions)
        self.expected_rows = self.session.scalar(select(func.count()).select_from(wanted.subquery()))
        last = ""
        while page := self.session.scalars(
            wanted.where(Product.item_code > last).order_by(Product.item_code).limit(_PAGE)
        ).all():
            yield from ({"item_code": code} for code in page)
            last = page[-1]

    def _conditions(self, batch: Labels) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions for the products that the header of ``batch`` asks for."""
        if batch.department:
            yield Product.department.has(Department.name == batch.department)
        if batch.vendor_code:
            yield Product.vendor.has(Vendor.code == batch.vendor_code)
        if batch.price_changed_since:
            since = PriceHistory.changed_at >= self.context.start_of(batch.price_changed_since)
            yield exists().where(PriceHistory.product_id == Product.id, since)
        if batch.changed_since:
            yield Product.modified_at >= self.context.start_of(batch.changed_since)

    def refresh(self, batch: Labels, rows: Rows) -> None:
        """Look ``rows`` up in the catalogue, set-based, and tell of texts that the fonts cannot print."""
        super().refresh(batch, rows)
        rows.update(
            _row.status == LabelStatus.PRICE_CHANGED.value,
            status_text=literal("The catalogue has ")
            .op("||")(decimal_text(_row.catalogue_price))
            .op("||")("."),
        )
        rows.update(
            _row.status == LabelStatus.READY.value,
            ~is_gtin(_row.upc),
            status=LabelStatus.NO_BARCODE.value,
            status_text=case(
                (func.coalesce(_row.upc, "") == "", "The label gets its item code as barcode."),
                else_="The UPC has a wrong length or check digit. The label gets its item code as barcode.",
            ),
        )
        self._mark_unprintable(rows)

    def _mark_unprintable(self, rows: Rows) -> None:
        """Give rows an issue where a text has characters that the fonts lack; few have any but those of ASCII."""
        suspicious = or_(*(getattr(_row, name).regexp_match("[^ -~]") for name in _TEXTS))
        for row in rows.narrowed(or_(suspicious, _row.issues.is_not(None))):
            row.clear_issues(_UNPRINTABLE)
            for name in _TEXTS:
                characters = self.setup.fonts.unprintable(getattr(row, name) or "")
                if characters:
                    row.add_issue(name, _UNPRINTABLE, _unprintable(characters), Severity.WARNING)

    def why_not_execute(self, batch: Labels) -> str | None:
        """Return the reason where no row has a label that could be printed."""
        if batch.count_of(*PRINTABLE):
            return None
        return "None of its rows has a product of the catalogue, so there are no labels to print."

    def totals(self, batch: Labels) -> list[Total]:
        """Return the number of labels of all rows that can be printed."""
        rows = Rows.of_batch(self.session, batch, self.row_model).narrowed(_row.status.in_(PRINTABLE))
        labels = self.session.scalar(select(func.sum(_row.copies)).where(rows.where))
        return [Total("Labels", f"{labels or 0:,}", columns=("copies",))]

    def describe_execution(self, batch: Labels, options: Mapping[str, Any]) -> list[str]:
        """Return the labels and sheets of each size, and the rows that are left out."""
        rows = self._chosen(Rows.of_batch(self.session, batch, self.row_model), options)
        try:
            planned = portions(self.setup, batch, rows, options["start_at"])
        except BadInput as error:
            return [error.message]
        labels = counted(sum(one.labels for one in planned), "label is", "labels are")
        sentences = [f"{labels} printed: {_listed(planned)}."] if planned else ["No label is printed."]
        kinds = " and as ".join(kind.upper() for kind in options["files"])
        sentences.append(f"They are stored with the batch as {kinds}, to be downloaded from its page.")
        left_out = [s for s in self.statuses if s not in options["print"] and batch.count_of(s)]
        if left_out:
            words = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in left_out)
            sentences.append(f"Left out: {words}.")
        return sentences

    def _chosen(self, rows: Rows, options: Mapping[str, Any]) -> Rows:
        return rows.narrowed(_row.status.in_(options["print"]))

    def execute(self, batch: Labels, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Print the labels of the chosen rows into files, which are stored with the batch."""
        chosen = self._chosen(rows, options)
        planned = portions(self.setup, batch, chosen, options["start_at"])
        count = batch.count_of(*options["print"])
        if not planned:
            raise Conflict(
                "Nothing was printed, because no row has a status that was chosen. Choose another one."
            )
        with ExitStack() as stack:
            files = {
                one.template.size.value: stack.enter_context(
                    LabelFiles(self.setup, self.context, batch, one, options["files"], options["resolution"])
                )
                for one in planned
            }
            for done in print_labels(batch, chosen, files):
                self.report("print", done, count)
        figures = {
            "labels": sum(one.labels for one in planned),
            "sheets": sum(one.pages for one in planned if one.template.sheet),
            "left_out": batch.kept_count - count,
        }
        return Outcome(
            f"{counted(figures['labels'], 'label')} printed: {_listed(planned)}."
            f" {counted(figures['left_out'], 'row')} left out.",
            figures,
        )


def _listed(planned: Sequence[Portion]) -> str:
    return ", ".join(one.words for one in planned)


def _unprintable(characters: str) -> str:
    """Return the sentence about ``characters`` of a text."""
    return f"The fonts of labels cannot print {quoted_list([characters])} as it should be. An administrator can add a font."
