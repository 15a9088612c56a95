"""Loading of a catalogue file: its records, checked one by one, are staged in a table and merged by a few statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Column as SqlColumn
from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Integer,
    MetaData,
    String,
    and_,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session

from batchbook.catalog.models import (
    PRICE,
    CostHistory,
    Department,
    PriceHistory,
    Product,
    StockMovement,
    Vendor,
)
from batchbook.db import UTCDateTime, folded_key, lock_records, utc_now
from batchbook.db.bulk_writing import bulk_insert
from batchbook.db.functions import insert_into
from batchbook.errors import BadInput
from batchbook.grid.cells import CellError, parser_for
from batchbook.grid.columns import columns_of
from batchbook.master.models import DirectEdit
from batchbook.tables import Table, read_table
from batchbook.words import counted, quoted_list, written_like

#: The columns of a catalogue file, in any order.
COLUMNS = (
    "item_code", "description", "department", "category", "brand", "size", "vendor_code", "price", "on_hand",
)  # fmt: skip

#: The columns that a file may have besides. Where it has none, products keep their values.
OPTIONAL = ("cost", "upc", "unit", "case_unit", "case_pack", "reorder_point")

#: The columns of a product that a file sets; the last two are found by name.
_MERGED = ("description", "size", "category", "brand", "price", "on_hand", "department_id", "vendor_id")

_PARSERS: dict[str, Callable[[str], Any]] = {
    **{
        column.name: parser_for(column)
        for column in columns_of(Product, {*COLUMNS, *OPTIONAL} & set(Product.__table__.c.keys()))
    },
    **{
        name: parser_for(replace(columns_of(model, [attribute])[0], required=False))
        for name, model, attribute in (("department", Department, "name"), ("vendor_code", Vendor, "code"))
    },
}

_OPEN_SIGN = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")

#: The records of one file, with their lines. The table exists while a file is loaded.
_staging = SqlTable(
    "catalog_staging",
    MetaData(),
    SqlColumn("line", Integer, nullable=False),
    *(SqlColumn(name, String) for name in COLUMNS if name not in ("price", "on_hand")),
    SqlColumn("price", PRICE, nullable=False),
    SqlColumn("on_hand", Integer, nullable=False),
    SqlColumn("cost", PRICE),
    *(SqlColumn(name, String) for name in ("upc", "unit", "case_unit")),
    *(SqlColumn(name, Integer) for name in ("case_pack", "reorder_point")),
    prefixes=["TEMPORARY"],
)
_is_known = Product.item_code == _staging.c.item_code


@dataclass(frozen=True)
class Loaded:
    """The numbers of products that a file created, updated and left unchanged."""

    created: int
    updated: int
    unchanged: int

    @property
    def total(self) -> int:
        """The number of products in the file."""
        return self.created + self.updated + self.unchanged


def load_file(session: Session, path: Path, *, by: str, reason: str | None = None) -> Loaded:
    """Load the catalogue file at ``path`` in the session's transaction; ``by`` and ``reason`` go into the history.

    Raises ``BadInput``, which names the row and the column, for a file that cannot be used, and for one that changes
    prices or quantities of products without a reason. The caller's transaction is then to be rolled back.
    """
    with path.open("rb") as file:
        return load(session, path.name, file, by=by, reason=reason)


def load(session: Session, name: str, file: BinaryIO, *, by: str, reason: str | None = None) -> Loaded:
    """Load a catalogue from ``file``, called ``name``, as :func:`load_file` does."""
    connection = session.connection()
    _staging.create(connection, checkfirst=False)
    table = _read(name, file)
    more = [column for column in OPTIONAL if column in table.header]
    bulk_insert(connection, _staging, ("line", *COLUMNS, *more), _records(table, (*COLUMNS, *more)))
    _refuse_duplicates(connection)
    _refuse_similar(connection)
    loaded = _merge(connection, by, reason, (*more, *_MERGED))
    _staging.drop(connection, checkfirst=False)
    session.expire_all()  # Records that the session holds may have changed.
    return loaded


# --- Staging ---------------------------------------------------------------------------------------------------------


def _read(name: str, file: BinaryIO) -> Table:
    table = read_table(name, file, COLUMNS)
    # A heading that is meant to be one of these, but is not, would otherwise be ignored silently.
    if others := [column for column in table.header if column not in (*COLUMNS, *OPTIONAL)]:
        raise BadInput(
            f"“{name}” should not have the column {quoted_list(others[:20])}, so nothing was loaded. Expected are the columns"
            f" {', '.join(COLUMNS)}, and if you like {', '.join(OPTIONAL)}."
        )
    return table


def _records(table: Table, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Yield the line number and the values of each record, in the order of ``columns``."""
    parsers = [(name, table.header.index(name), _PARSERS[name]) for name in columns]
    width = len(table.header)
    for line, record in table.records:
        if len(record) != width:
            raise _refusal(line, f" has {len(record)} columns instead of {width}.")
        values = [line]
        for name, place, parse in parsers:
            try:
                _refuse_open_sign(name, record[place])
                values.append(parse(record[place]))
            except CellError as error:
                raise _refusal(line, f", column {name}: {error.message}") from None
        yield values


def _refuse_open_sign(name: str, text: str) -> None:
    """Raise ``CellError`` for a price such as 1,234, whose comma may group thousands or be the decimal sign."""
    if name in ("price", "cost") and _OPEN_SIGN.fullmatch(text.strip()):
        digits = text.strip()
        raise CellError(
            "open-decimal-sign",
            f"“{digits}” is {digits.replace(',', '')} or {digits.replace(',', '.')}: write it with a point, or without commas.",
        )


def _refuse_duplicates(connection: Connection) -> None:
    code, line = _staging.c.item_code, func.max(_staging.c.line)
    repeated = select(code, line).group_by(code).having(func.count() > 1).order_by(line)
    if (found := connection.execute(repeated).first()) is not None:
        raise _refusal(found[1], f", column item_code: {found[0]} is in the file more than once.")


def _refuse_similar(connection: Connection) -> None:
    """Refuse a new key that is written like another one, but for case, blanks, width or Unicode form."""
    keys = (
        ("item_code", Product.item_code),
        ("department", Department.name),
        ("vendor_code", Vendor.code),
    )
    for name, stored in keys:
        text, form, stored_form = _staging.c[name], folded_key(_staging.c[name]), folded_key(stored)
        is_new = and_(text.is_not(None), ~exists().where(stored == text))
        several = (func.min(text) != func.max(text)).label("several")
        new = select(form.label("form"), several).where(is_new).group_by(form).subquery("new")
        # Grouped, it is a table of its own for the databases, which they look up rather than scan for each record.
        known = select(stored_form.label("form"), func.min(stored).label("text")).group_by(stored_form)
        known_keys = known.subquery("known")
        found = select(new.c.form, known_keys.c.text).outerjoin(known_keys, known_keys.c.form == new.c.form)
        found = found.where(or_(known_keys.c.text.is_not(None), new.c.several)).order_by(new.c.form).limit(1)
        if (row := connection.execute(found).first()) is not None:
            written = select(text, _staging.c.line).where(is_new, form == row[0]).order_by(_staging.c.line)
            texts = connection.execute(written).all()
            other = row[1] or texts[0][0]
            wanted, line = next((spelled, line) for spelled, line in texts if spelled != other)
            raise _refusal(
                line,
                f", column {name}: {written_like(wanted, [other])}."
                " Write it in the same way, or create it on a page of its own first.",
            )


def _refusal(line: int, problem: str) -> BadInput:
    return BadInput(f"Row {line}{problem} Nothing was loaded; correct the file and load it again.")


# --- Merging ---------------------------------------------------------------------------------------------------------


def _merge(connection: Connection, by: str, reason: str | None, merged: Sequence[str]) -> Loaded:
    """Bring the columns ``merged`` up to date with the staged records; refuse changes that need a reason and have none."""
    for key, names in ((Department.name, _staging.c.department), (Vendor.code, _staging.c.vendor_code)):
        missing = select(names).distinct().where(names.is_not(None)).order_by(names)
        statement = insert_into(connection, key.class_).from_select([key.key], missing)
        connection.execute(statement.on_conflict_do_nothing())
    # Products must not change between history and update.
    lock_records(connection, Product.id, _is_known)
    total = _count(connection)
    existing = _count(connection, _is_known)
    if reason is None:
        _refuse_without_reason(connection)
    now, price = utc_now(), _staging.c.price
    connection.execute(
        PriceHistory.of_changes(price, now, by, _is_known, Product.price != price, reason=reason)
    )
    if "cost" in merged:
        differs = Product.cost.is_distinct_from(_staging.c.cost)
        connection.execute(
            CostHistory.of_changes(_staging.c.cost, now, by, _is_known, differs, reason=reason)
        )
    on_hand = _staging.c.on_hand
    differs = Product.on_hand != on_hand
    connection.execute(
        StockMovement.of_changes(on_hand, now, by, _is_known, differs, kind="load", reason=reason)
    )
    connection.execute(_direct_edits(now, by, reason))
    written = connection.execute(
        _upsert(connection, now, merged), execution_options={"preserve_rowcount": True}
    ).rowcount
    updated = written - (total - existing)
    return Loaded(created=total - existing, updated=updated, unchanged=existing - updated)


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(_staging).where(*where)) or 0


def _refuse_without_reason(connection: Connection) -> None:
    changes = or_(Product.price != _staging.c.price, Product.on_hand != _staging.c.on_hand)
    if count := _count(connection, _is_known, changes):
        raise BadInput(
            f"This would change the price or the quantity on hand of {counted(count, 'product')} without a batch, so"
            " nothing was loaded. Import the file as a batch, or give a reason with --reason."
        )


def _direct_edits(now: datetime, by: str, reason: str | None) -> Insert:
    """Return the statement that records the quantities that are about to change."""
    values: dict[str, Any] = {
        "record_type": literal(Product.__tablename__),
        "record_key": cast(Product.id, String),
        "record_label": literal("product ") + Product.item_code,
        "field": literal("on_hand"),
        "label": literal("On hand"),
        "old_value": cast(Product.on_hand, String),
        "new_value": cast(_staging.c.on_hand, String),
        "reason": literal(reason, String()),
        "changed_at": literal(now, UTCDateTime()),
        "changed_by": literal(by),
    }
    changes = select(*values.values()).where(_is_known, Product.on_hand != _staging.c.on_hand)
    return insert(DirectEdit).from_select(list(values), changes, include_defaults=False)


def _upsert(connection: Connection, now: datetime, merged: Sequence[str]) -> Any:
    """Return the statement that inserts new products, updates those that differ and leaves equal ones alone."""
    joined = _staging.outerjoin(Department, Department.name == _staging.c.department).outerjoin(
        Vendor, Vendor.code == _staging.c.vendor_code
    )
    values = [_staging.c[name] for name in merged[:-2]]
    incoming = (
        select(*values, Department.id, Vendor.id, _staging.c.item_code, true(), literal(1), literal(now, UTCDateTime()))
        .select_from(joined)
        .where(true())  # SQLite would otherwise read ON CONFLICT as the join's ON.
        .order_by(_staging.c.item_code)  # Two loads that add the same products must not wait for each other.
    )  # fmt: skip
    columns = [*merged, "item_code", "active", "version", "modified_at"]
    statement = insert_into(connection, Product).from_select(columns, incoming, include_defaults=False)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["item_code"],
        set_={name: new[name] for name in merged} | Product.touch(now),
        where=or_(*(getattr(Product, name).is_distinct_from(new[name]) for name in merged)),
    )
