"""The handler of handhelds' files: codes become products, and rows a batch of the type that the header names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, func, or_, select

from batchbook.batches import (
    BatchHandler,
    Block,
    ExecutionPolicy,
    FileSource,
    LinkedBatch,
    Lookup,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Severity,
    Total,
    input_file,
    is_repeated,
    stored_intake,
    types_made_by_execution,
    why_not_made,
)
from batchbook.catalog.models import Product, vendor_called
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.handheld.device_files import CodeReader, moments, recognise
from batchbook.types.handheld.models import (
    KEEP,
    OPTIONAL,
    USUAL,
    Handheld,
    HandheldRow,
    HandheldStatus,
)
from batchbook.words import counted, quoted_list

_row = HandheldRow
#: The rows that are read, and those that are written, together.
_TOGETHER = 2_000
_NAMED = 5

_OPTIONS = Form(
    [
        Field.of(
            "take",
            Kind.CHOICE,
            label="Take rows that are",
            widget="checkboxes",
            choices=choices_of((*USUAL, *OPTIONAL)),
            required=True,
        ),
        Field.of("follow_up", Kind.BOOLEAN, label="Copy rows that are left out into a new batch"),
    ]
)


def _scanned_column(_handler: HandheldHandler, batch: Handheld) -> str | None:
    """Return the column to which scans add; none where each of them is a row."""
    return None if batch.repeated == KEEP else "quantity"


class HandheldHandler(BatchHandler[Handheld, HandheldRow]):
    """Handles handhelds' files. The file is read in blocks; a refresh is set-based but for codes that no product has."""

    statuses = HandheldStatus
    refresh_chunk_size: ClassVar[int | None] = 50_000
    peer_columns: tuple[str, ...] = ("item_code",)
    lookups = (
        Lookup(
            column="item_code",
            key=Product.item_code,
            also=(Product.upc,),
            take={"description": Product.description, "size": Product.size, "unit": Product.unit},
            missing=HandheldStatus.NOT_FOUND,
            unless=(
                (func.coalesce(_row.quantity, 0) <= 0, HandheldStatus.NO_QUANTITY),
                (~Product.active, HandheldStatus.INACTIVE),
            ),
            found=HandheldStatus.READY,
        ),
    )
    quick_entry = QuickEntry(
        label="Scan or type a code",
        find=(Product.upc, Product.item_code),
        key="item_code",
        adds=_scanned_column,
        unknown=True,
        code="code",
        named_by=("description",),
    )
    file_source = FileSource(
        columns={
            "code": "code",
            "quantity": "quantity",
            "scanned": "scanned",
            "time": "clock",
            "location": "location",
        },
        optional=("quantity", "scanned", "clock", "location"),
        key=("code",),
        synonyms={
            "code": ("barcode", "bar code", "scan", "scanned code", "item code", "item", "article", "sku", "upc", "ean", "gtin"),
            "quantity": ("qty", "count", "counted", "units", "pieces", "amount"),
            "scanned": ("date", "day", "timestamp", "date time", "scanned at", "scan date", "scan time"),
            "clock": ("time of day", "hour"),
            "location": ("loc", "shelf", "bay", "bin", "aisle", "place", "zone"),
        },
        sender="device",
        line_column="line",
        recognise=recognise,
    )  # fmt: skip
    execution_policy = ExecutionPolicy(options=_OPTIONS, defaults={"take": [str(status) for status in USUAL]})

    def before_create(self, batch: Handheld, *, has_file: bool) -> None:  # noqa: ARG002 - Codes may be scanned later.
        """Take the key of the type that is to be made, which may be given by its title, and the catalogue's spelling of the vendor.

        Raises ``BadInput`` for a type that cannot be made of it, or not by the person.
        """
        types = types_made_by_execution(self.context.types, self.model.__tablename__)
        wanted = batch.becomes.strip().casefold()
        found = [one for one in types if wanted in (one.key, one.title.casefold())]
        if not found:
            known = quoted_list([one.title for one in types])
            raise BadInput(
                f"A handheld's file cannot become “{batch.becomes}”. Choose one of these: {known}."
            )
        batch.becomes = found[0].key
        if not types_made_by_execution(found, self.model.__tablename__, self.context.permissions):
            raise BadInput(f"Your role does not allow you to make a batch of the type {found[0].title}.")
        if batch.vendor_code:
            batch.vendor_code = vendor_called(self.session, batch.vendor_code)

    # The rows.

    def populate(self, batch: Handheld) -> Iterable[RowValues | Block]:
        """Yield the lines of the file with the products that their codes mean, added up if so chosen; none without a file."""
        if input_file(self.session, batch) is None:
            return
        intake = stored_intake(batch)
        order = intake.date_order("scanned") if intake else None
        codes = self._code_reader()
        blocks = (
            self._resolved(block, order, codes)
            for block in super().populate(batch)
            if isinstance(block, Block)
        )
        yield from blocks if batch.repeated == KEEP else _added_up(blocks)

    def _code_reader(self) -> CodeReader:
        entry: QuickEntry = self.quick_entry
        return CodeReader(self.session, self.context.settings, entry)

    def _resolved(self, block: Block, order: str | None, codes: CodeReader) -> Block:
        """Return ``block`` with item codes, the counts that codes with elements of GS1 have, and times."""
        nothing = [None] * len(block)
        values: dict[str, Sequence[Any]] = {
            "clock": nothing,
            "scanned": nothing,
            "quantity": [1] * len(block),
        }
        values |= block.values
        texts = [code or "" for code in values["code"]]
        found = codes.read(texts)
        values["item_code"] = [
            means[0] if len(means) == 1 else scan.code if scan else text
            for text, (scan, means) in zip(texts, found, strict=True)
        ]
        values["quantity"] = [
            None if number is None else _whole(number * scan.quantity) if scan else number
            for number, (scan, _) in zip(values["quantity"], found, strict=True)
        ]
        values["scanned_at"] = [*moments(values["scanned"], values["clock"], order, self.context.zone)]
        return Block.of_columns(values)

    def refresh(self, batch: Handheld, rows: Rows) -> None:
        """Look up the products; say of codes that none has why, and of products whether they are repeated."""
        super().refresh(batch, rows)
        unknown = rows.narrowed(_row.status == HandheldStatus.NOT_FOUND, _row.item_code != "")
        if self._explain(unknown):
            super().refresh(batch, unknown)
        rows.update(
            _row.status == HandheldStatus.READY, is_repeated(_row.item_code), status=HandheldStatus.REPEATED
        )

    def _explain(self, unknown: Rows) -> int:
        """Give rows with codes that are no item codes the product that has such a bar code; return how many got one.

        The others are told apart: codes of several products, those that were misread, and those that no product has.
        """
        codes, resolved = self._code_reader(), 0
        for chunk in unknown.chunks(_TOGETHER):
            found = [*chunk]
            for row, (scan, means) in zip(found, codes.read([row.item_code for row in found]), strict=True):
                if len(means) == 1:
                    row.item_code, resolved = means[0], resolved + 1
                elif means:
                    more = " and others" if len(means) > _NAMED else ""
                    words = f"The products {quoted_list(means[:_NAMED])}{more} have this code. Enter the item code of one."
                    row.set_status(HandheldStatus.SEVERAL, words)
                elif scan is not None and scan.problem:
                    row.set_status(
                        HandheldStatus.CHECK_DIGIT, f"{scan.problem} Correct it, or remove the row."
                    )
        unknown.save()
        return resolved

    # Information for people.

    def totals(self, batch: Handheld) -> list[Total]:
        """Return the units, the products and the locations that were scanned."""
        kept = (_row.batch_id == batch.id, ~_row.removed)
        products = func.count(_row.item_code.distinct()).filter(_row.item_code != "")
        figures = select(func.sum(_row.quantity), products, func.count(_row.location.distinct()))
        units, codes, locations = self.session.execute(figures.where(*kept)).one()
        return [
            Total("Units scanned", int(units or 0), ("quantity",)),
            Total("Different codes", codes, ("item_code",)),
            Total("Locations", locations, ("location",)),
        ]

    def why_not_execute(self, batch: Handheld) -> str | None:
        """Return the reason where no row could go into the other batch, or where that could not be made."""
        if not batch.count_of(*USUAL, *OPTIONAL):
            return "None of its rows can go into another batch."
        return why_not_made(self.context, batch.becomes, batch)

    def describe_execution(self, batch: Handheld, options: Mapping[str, Any]) -> list[str]:
        """Return what is made of how many rows and units, and what is left out."""
        titles = {one.key: one.title for one in self.context.types}
        title = titles.get(batch.becomes, batch.becomes)
        rows, units = self._sums(batch, options)
        whose = (
            f"It belongs to {batch.owner} and stays open, so that it can be checked before it is executed."
        )
        sentences = [
            f"A batch of the type {title} is made of {counted(rows, 'row')} with {counted(units, 'unit')}. {whose}"
            if rows
            else "No row has a status that is chosen, so nothing is made."
        ]
        left_out = [one for one in HandheldStatus if one not in options["take"] and batch.count_of(one)]
        if left_out:
            words = ", ".join(f"{batch.count_of(one):,} {one.label.lower()}" for one in left_out)
            where = "Copied into a new batch" if options["follow_up"] else "Left out"
            sentences.append(f"{where}: {words}.")
        return sentences

    def _sums(self, batch: Handheld, options: Mapping[str, Any]) -> tuple[int, int]:
        """Return the rows that are taken with ``options``, and their units."""
        sums = select(func.count(), func.sum(_row.quantity))
        where = (_row.batch_id == batch.id, ~_row.removed, _is_taken(options["take"]))
        rows, units = self.session.execute(sums.where(*where)).one()
        return rows, int(units or 0)

    # The execution.

    def execute(self, batch: Handheld, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Make the batch of the rows that are taken, by what its type declares."""
        taken, units = self._sums(batch, options)
        if not taken:
            raise Conflict(
                "Nothing was executed, because no row has a status that was chosen. Choose another one."
            )
        self.report("make the batch")
        is_taken, left_out = _is_taken(options["take"]), batch.kept_count - taken
        made = LinkedBatch(type=batch.becomes, rows=rows.narrowed(is_taken))
        return Outcome(
            f"{counted(taken, 'row')} with {counted(units, 'unit')} passed on, {left_out:,} left out.",
            {"rows": taken, "units": units, "left_out": left_out},
            rest=or_(~is_taken, _row.status.is_(None)) if options["follow_up"] and left_out else None,
            batches=(made,),
        )


def _is_taken(statuses: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition for rows with one of ``statuses`` that have a quantity."""
    return and_(_row.status.in_([str(one) for one in statuses]), func.coalesce(_row.quantity, 0) > 0)


def _whole(number: Decimal) -> int | None:
    """Return a quantity as a whole number; ``None`` for one that is none, such as a half."""
    return int(number) if number == int(number) else None


def _added_up(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the rows of ``blocks``, those with the same item code and location as one, where the first one was.

    Rows without a quantity, and those with errors, stay by themselves, because they have to be corrected. In memory are the
    different ones.
    """
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for block in blocks:
        for values in block.rows():
            has_errors = any(one["severity"] == Severity.ERROR for one in values.get("issues") or ())
            alone = values["line"] if has_errors or values["quantity"] is None else None
            key = (values["item_code"], values.get("location"), alone)
            _add(sums.setdefault(key, {"lines": 0, "quantity": 0, "scanned_at": None}), values)
    records: Iterator[Mapping[str, Any]] = iter(sums.values())
    while together := [*islice(records, _TOGETHER)]:
        names: Sequence[str] = [*dict.fromkeys(name for record in together for name in record)]
        yield Block(names, [[record.get(name) for name in names] for record in together])


def _add(total: dict[str, Any], values: RowValues) -> None:
    """Add the ``values`` of a line to those of the row that it belongs to."""
    quantity, at = values["quantity"], values["scanned_at"]
    added = None if quantity is None else total["quantity"] + quantity
    last = max(filter(None, (total["scanned_at"], at)), default=None)
    lines = total["lines"] + 1
    total |= {**values, **total, "quantity": added, "scanned_at": last, "lines": lines}
