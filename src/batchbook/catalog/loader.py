"""Loading of catalogue files: merged from a staging table by a handful of statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import (
    Column,
    Connection,
    FromClause,
    Insert,
    Select,
    String,
    Table,
    func,
    insert,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy import cast as sqlalchemy_cast
from sqlalchemy.orm import Session

from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.catalog.staging import COLUMNS, stage, staging
from batchbook.db import UTCDateTime, utc_now
from batchbook.db.functions import insert_into
from batchbook.errors import BadInput
from batchbook.master.models import DirectEdit
from batchbook.words import counted

_product = cast(Table, Product.__table__)

#: What a file may change of a product; the last two are found by name.
_MERGED = ("description", "size", "category", "brand", "price", "on_hand", "department_id", "vendor_id")


@dataclass(frozen=True)
class Loaded:
    """How many products a file created, updated and left unchanged."""

    created: int
    updated: int
    unchanged: int

    @property
    def total(self) -> int:
        """How many products the file had."""
        return self.created + self.updated + self.unchanged


def merge(connection: Connection, by: str, reason: str | None) -> Loaded:
    """Bring the catalogue up to date with what is staged; ``by`` and ``reason`` go into the history.

    Raises :class:`~batchbook.errors.BadInput` if prices or quantities of products that are there change without a reason.
    """
    _add_names(connection, Department, Department.name, staging.c.department)
    _add_names(connection, Vendor, Vendor.code, staging.c.vendor_code)
    now = utc_now()
    known = staging.join(_product, _product.c.item_code == staging.c.item_code)
    _lock(connection, known)
    total = connection.scalar(select(func.count()).select_from(staging)) or 0
    existing = connection.scalar(select(func.count()).select_from(known)) or 0
    if reason is None:
        _refuse_without_reason(connection, known)
    connection.execute(_history(known, now, by, reason))
    connection.execute(_direct_edits(known, now, by, reason))
    written = connection.execute(
        _upsert(connection, now), execution_options={"preserve_rowcount": True}
    ).rowcount
    updated = written - (total - existing)
    return Loaded(created=total - existing, updated=updated, unchanged=existing - updated)


def _add_names(
    connection: Connection, model: type[Department | Vendor], key: Any, staged: Column[Any]
) -> None:
    """Add the departments or vendors that the file names and the catalogue does not have."""
    names = select(staged).distinct().where(staged.is_not(None)).order_by(staged)
    connection.execute(insert_into(connection, model).from_select([key.name], names).on_conflict_do_nothing())


def _lock(connection: Connection, known: FromClause) -> None:
    """Keep the products from changing between history and update; in the order in which executions lock them, too."""
    locked = select(_product.c.id).select_from(known).order_by(_product.c.id).with_for_update(of=_product)
    connection.execute(select(func.count()).select_from(locked.subquery()))


def _refuse_without_reason(connection: Connection, known: FromClause) -> None:
    changing = or_(_product.c.price != staging.c.price, _product.c.on_hand != staging.c.on_hand)
    count = connection.scalar(select(func.count()).select_from(known).where(changing)) or 0
    if count:
        raise BadInput(
            f"This would change the price or the quantity on hand of {counted(count, 'product')} without a batch, so"
            " nothing was loaded. Import the file as a batch, or say why not with --reason."
        )


def _direct_edits(known: FromClause, now: datetime, by: str, reason: str | None) -> Insert:
    """Write down the quantities that are about to change."""
    values: dict[str, Any] = {
        "record_type": literal(_product.name),
        "record_key": sqlalchemy_cast(_product.c.id, String),
        "record_label": literal("product ") + _product.c.item_code,
        "field": literal("on_hand"),
        "label": literal("On hand"),
        "old_value": sqlalchemy_cast(_product.c.on_hand, String),
        "new_value": sqlalchemy_cast(staging.c.on_hand, String),
        "reason": literal(reason, String()),
        "changed_at": literal(now, UTCDateTime()),
        "changed_by": literal(by),
    }
    changes = select(*values.values()).select_from(known).where(_product.c.on_hand != staging.c.on_hand)
    return insert(DirectEdit).from_select(list(values), changes, include_defaults=False)


def _history(known: FromClause, now: datetime, by: str, reason: str | None) -> Insert:
    """Write down the prices that are about to change."""
    changes = (
        select(
            _product.c.id,
            _product.c.item_code,
            _product.c.price,
            staging.c.price,
            literal(now, UTCDateTime()),
            literal(by),
            literal(reason, String()),
        )
        .select_from(known)
        .where(_product.c.price != staging.c.price)
    )
    columns = ["product_id", "item_code", "old_price", "new_price", "changed_at", "changed_by", "reason"]
    return insert(PriceHistory).from_select(columns, changes, include_defaults=False)


def _upsert(connection: Connection, now: datetime) -> Any:
    """Insert what is new, update what differs, leave alone what is equal."""
    statement = insert_into(connection, Product).from_select(
        [*_MERGED, "item_code", "active", "version", "modified_at"], _incoming(now), include_defaults=False
    )
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["item_code"],
        set_={name: new[name] for name in _MERGED} | {"version": _product.c.version + 1, "modified_at": now},
        where=or_(*(_product.c[name].is_distinct_from(new[name]) for name in _MERGED)),
    )


def _incoming(now: datetime) -> Select[Any]:
    plain = [staging.c[name] for name in _MERGED[:-2]]
    joined = staging.outerjoin(Department, Department.name == staging.c.department).outerjoin(
        Vendor, Vendor.code == staging.c.vendor_code
    )
    return (
        select(
            *plain, Department.id, Vendor.id,
            staging.c.item_code, true(), literal(1), literal(now, UTCDateTime()),
        )
        .select_from(joined)
        .where(true())  # SQLite would otherwise read ON CONFLICT as the join's ON.
        .order_by(staging.c.item_code)  # Two loads that add the same products must not wait for each other.
    )  # fmt: skip


__all__ = ["COLUMNS", "Loaded", "load", "load_file"]


def load_file(session: Session, path: Path, *, by: str, reason: str | None = None) -> Loaded:
    """Load the catalogue file at ``path`` in the session's transaction; ``by`` and ``reason`` go into the history.

    Raises :class:`~batchbook.errors.BadInput` with a sentence that names the line and the column if the file is not
    what it should be, or if it changes what otherwise changes by batch only and no reason is given; the caller's
    transaction is then to be rolled back.
    """
    with path.open("rb") as file:
        return load(session, path.name, file, by=by, reason=reason)


def load(session: Session, name: str, file: BinaryIO, *, by: str, reason: str | None = None) -> Loaded:
    """Load a catalogue from ``file``, called ``name``, as :func:`load_file` does."""
    connection = session.connection()
    staging.create(connection, checkfirst=False)
    stage(connection, name, file)
    loaded = merge(connection, by, reason)
    staging.drop(connection, checkfirst=False)
    session.expire_all()  # What the session holds may have changed behind it.
    return loaded
