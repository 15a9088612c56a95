"""A tiny batch type for what price changes do not reach: what stands on a shelf, compared with the quantity on hand.

Its tables have a metadata of their own, so that the shipped schema stays what migrations make.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import Engine, ForeignKey, Index, MetaData, String, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.batches import (
    Batch,
    BatchHandler,
    BatchRow,
    BatchType,
    Callbacks,
    ExecutionPolicy,
    FileSource,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Scan,
    Severity,
    Status,
    Total,
    column,
    editable,
)
from batchbook.batches.freeze import freeze_table
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Product
from batchbook.db.base import NAMING_CONVENTION
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind

COUNTS = MetaData(naming_convention=NAMING_CONVENTION)


class CountStatus(Status):
    MATCHES = "matches", "Matches", Severity.SUCCESS, "="
    DIFFERS = "differs", "Differs", Severity.WARNING, "≠"
    TWICE = "twice", "Counted twice", Severity.ERROR, "⧉"
    UNKNOWN = "unknown", "Unknown", Severity.ERROR, "?"
    UNCOUNTED = "uncounted"


class ShelfStatus(Status):
    FINE = "fine", "All counted"
    WANTING = "wanting", "Something is to be looked at"


class ShelfCount(Batch):
    __tablename__ = "shelf_count"
    metadata = COUNTS
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "shelf_count"}

    id: Mapped[int] = mapped_column(ForeignKey(Batch.__table__.c.id, ondelete="CASCADE"), primary_key=True)
    shelf: Mapped[str] = editable(String(20))
    tolerance: Mapped[int | None] = editable(minimum=0)


class ShelfCountRow(BatchRow):
    __tablename__ = "shelf_count_row"
    __batch__ = ShelfCount
    __table_args__ = (Index("ix_shelf_count_row_batch_id_item_code", "batch_id", "item_code"),)
    metadata = COUNTS

    item_code: Mapped[str] = editable(String(20), default="")
    counted: Mapped[int | None] = editable(minimum=0)
    remark: Mapped[str | None] = editable(Text)
    on_hand: Mapped[int | None] = column()
    looked_up: Mapped[int] = column(default=0)


def _scanned(handler: ShelfCountHandler, _batch: ShelfCount, scan: Scan) -> RowValues | None:
    code = handler.session.scalar(select(Product.item_code).where(Product.item_code == scan.code))
    return None if code is None else {"item_code": code, "counted": 1}


def _on_clone(_handler: Any, source: ShelfCount, clone: ShelfCount) -> None:
    clone.description = f"Again: {source.description or source.shelf}"


def _on_complete(_handler: Any, batch: ShelfCount) -> None:
    if batch.shelf == "locked":
        raise Conflict("The shelf is locked.")


def _on_delete(_handler: Any, batch: ShelfCount) -> None:
    if batch.shelf == "precious":
        raise Conflict("A precious count is not deleted.")


class ShelfCountHandler(BatchHandler[ShelfCount, ShelfCountRow]):
    """Reads a file, compares by objects, and sets the quantities that differ."""

    chunk_size = 3
    statuses = CountStatus
    header_statuses = ShelfStatus
    peer_columns: ClassVar[tuple[str, ...]] = ("item_code",)
    refresh_after: ClassVar[tuple[str, ...]] = ("tolerance",)
    file_source = FileSource(columns={"item": "item_code", "counted": "counted", "remark": "remark"})
    callbacks = Callbacks(on_clone=_on_clone, on_complete=_on_complete, on_delete=_on_delete)
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of("most", Kind.INTEGER, label="Change at most", minimum=0),
                Field.of("sign", Kind.TEXT, label="Signed by", required=True),
            ]
        ),
        defaults={"sign": "the shop"},
        retention=timedelta(days=30),
    )
    quick_entry = QuickEntry(label="Scan an item", row_for=_scanned)

    def refresh(self, batch: ShelfCount, rows: Rows) -> None:
        found = list(rows)
        on_hand = self._on_hand({row.item_code for row in found})
        doubled = self._doubled(batch, {row.item_code for row in found})
        for row in found:
            row.looked_up += 1
            row.on_hand = on_hand.get(row.item_code)
            row.set_status(*self._status(batch, row, row.item_code in doubled))

    def _on_hand(self, codes: set[str]) -> dict[str, int]:
        known = select(Product.item_code, Product.on_hand).where(Product.item_code.in_(codes))
        return {code: count for code, count in self.session.execute(known)}  # noqa: C416 - Rows are no tuples.

    def _doubled(self, batch: ShelfCount, codes: set[str]) -> set[str]:
        row = ShelfCountRow
        counted = select(row.item_code).where(
            row.batch_id == batch.id, row.item_code.in_(codes), ~row.removed
        )
        seen: set[str] = set()
        return {code for code in self.session.scalars(counted) if code in seen or seen.add(code)}

    @staticmethod
    def _status(batch: ShelfCount, row: Any, doubled: bool) -> tuple[str, str | None]:
        if row.counted is None:
            return CountStatus.UNCOUNTED, None
        if doubled:
            return CountStatus.TWICE, None
        if row.on_hand is None:
            return CountStatus.UNKNOWN, "No such item."
        near = abs(row.on_hand - row.counted) <= (batch.tolerance or 0)
        return (CountStatus.MATCHES if near else CountStatus.DIFFERS), None

    def execute(self, batch: ShelfCount, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        changed = 0
        for row in rows.narrowed(ShelfCountRow.status == CountStatus.DIFFERS):
            if options["most"] is None or changed < options["most"]:
                self.session.execute(
                    update(Product).where(Product.item_code == row.item_code).values(on_hand=row.counted)
                )
                changed += 1
        return Outcome(f"{changed} quantities set, signed by {options['sign']}.", {"changed": changed})

    def header_status(self, batch: ShelfCount) -> str:
        wanting = any(n for status, n in batch.status_counts.items() if status != CountStatus.MATCHES)
        return ShelfStatus.WANTING if wanting else ShelfStatus.FINE

    def totals(self, batch: ShelfCount) -> list[Total]:
        return [
            Total(
                "Counted", sum(row.counted or 0 for row in Rows.of_batch(self.session, batch, ShelfCountRow))
            )
        ]

    def before_create(self, batch: ShelfCount, *, has_file: bool) -> None:
        if batch.shelf == "nowhere":
            raise BadInput("There is no such shelf.")
        batch.params = {"has_file": has_file}


class Remembering(ShelfCountHandler):
    """Notes what it is called for, in ``calls``, and yields the rows of ``source``."""

    callbacks = replace(
        ShelfCountHandler.callbacks,
        setup=lambda handler, action, _batch: handler.calls.append(f"setup {action}"),
        teardown=lambda handler, action, _batch: handler.calls.append(f"teardown {action}"),
    )
    calls: ClassVar[list[str]] = []
    source: ClassVar[Iterable[RowValues]] = ()

    def populate(self, batch: ShelfCount) -> Iterable[RowValues]:
        self.calls.append("populate")
        yield from self.source


def shelf_count(handler: type[BatchHandler[Any, Any]] = ShelfCountHandler) -> BatchType:
    return BatchType(
        "shelf_count", ShelfCount, SharedTable(ShelfCountRow), handler, object, "Shelf count", "Shelf counts"
    )


def make_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        COUNTS.create_all(connection)
        freeze_table(connection, "shelf_count", "id")
        freeze_table(connection, "shelf_count_row")
