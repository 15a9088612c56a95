"""Loading a catalogue file: staged in bulk, then merged into the catalogue by a handful of statements.

The file is CSV in UTF-8 with a header row and exactly the columns of :data:`COLUMNS`, in any order. All of it is
loaded or nothing. Products that the file does not name stay as they are.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Column,
    Connection,
    FromClause,
    Insert,
    Integer,
    MetaData,
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
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from batchbook.catalog.models import PRICE, Department, PriceHistory, Product, Vendor
from batchbook.db import UTCDateTime
from batchbook.db.bulk import bulk_insert
from batchbook.errors import BadInput
from batchbook.grid.cells import CellError, parser_for
from batchbook.grid.columns import columns_of

#: What a catalogue file's columns are called.
COLUMNS = (
    "item_code", "description", "department", "category", "brand", "size", "vendor_code", "price", "on_hand",
)  # fmt: skip

_staging = Table(
    "catalog_staging",
    MetaData(),
    Column("line", Integer, nullable=False),
    *(Column(name, String) for name in COLUMNS if name not in ("price", "on_hand")),
    Column("price", PRICE, nullable=False),
    Column("on_hand", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)

_product = cast(Table, Product.__table__)

_PARSERS: dict[str, Callable[[str], Any]] = {
    **{
        column.name: parser_for(column)
        for column in columns_of(Product, set(COLUMNS) & set(_product.c.keys()))
    },
    **{
        name: parser_for(replace(columns_of(model, [attribute])[0], required=False))
        for name, model, attribute in (("department", Department, "name"), ("vendor_code", Vendor, "code"))
    },
}

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


def load_file(session: Session, path: Path, *, by: str) -> Loaded:
    """Load the catalogue file at ``path`` in the session's transaction; ``by`` goes into the price history.

    Raises :class:`~batchbook.errors.BadInput` with a sentence that names the line and the column if the file is not
    what it should be; the caller's transaction is then to be rolled back.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return load(session, lines, by=by)
    except UnicodeDecodeError:
        raise BadInput(
            f"{path.name} is not text in UTF-8, so nothing was loaded. Save it as CSV in UTF-8 and try again."
        ) from None


def load(session: Session, lines: Iterable[str], *, by: str) -> Loaded:
    """Load a catalogue from the lines of a CSV file, as :func:`load_file` does."""
    connection = session.connection()
    _staging.create(connection, checkfirst=False)
    bulk_insert(connection, _staging, ("line", *COLUMNS), _read(lines))
    _refuse_doubles(connection)
    loaded = _merge(connection, by)
    _staging.drop(connection, checkfirst=False)
    session.expire_all()  # What the session holds may have changed behind it.
    return loaded


# --- Reading ---------------------------------------------------------------------------------------------------------


def _read(lines: Iterable[str]) -> Iterator[Sequence[Any]]:
    """Yield the line number and the values of each record, in the order of :data:`COLUMNS`."""
    reader = csv.reader(lines, strict=True)
    places = _places(next(reader, None))
    parsers = [(name, places[name], _PARSERS[name]) for name in COLUMNS]
    try:
        for record in reader:
            if record:
                yield reader.line_num, *_values(record, parsers, len(places), reader.line_num)
    except csv.Error as error:
        raise _refusal(reader.line_num, f" cannot be read as CSV: {error}.") from None


def _places(header: Sequence[str] | None) -> dict[str, int]:
    if header is None:
        raise BadInput("The file is empty, so nothing was loaded. Expected is a CSV file with a header row.")
    names = [name.strip().lower() for name in header]
    wrong = {
        "lacks": [name for name in COLUMNS if name not in names],
        "has twice": sorted({name for name in names if names.count(name) > 1}),
        "should not have": [name for name in names if name not in COLUMNS],
    }
    if found := [
        f"{verb} {', '.join(repr(name) for name in those)}" for verb, those in wrong.items() if those
    ]:
        raise BadInput(
            f"The header row {' and '.join(found)}, so nothing was loaded. Expected are the columns {', '.join(COLUMNS)}."
        )
    return {name: index for index, name in enumerate(names)}


def _values(
    record: Sequence[str], parsers: Sequence[tuple[str, int, Callable[[str], Any]]], width: int, line: int
) -> Iterator[Any]:
    if len(record) != width:
        raise _refusal(line, f" has {len(record)} columns instead of {width}.")
    for name, place, parse in parsers:
        try:
            yield parse(record[place])
        except CellError as error:
            raise _refusal(line, f", column {name}: {error.message}") from None


def _refusal(line: int, what: str) -> BadInput:
    return BadInput(f"Line {line}{what} Nothing was loaded; correct the file and load it again.")


# --- Merging ---------------------------------------------------------------------------------------------------------


def _refuse_doubles(connection: Connection) -> None:
    code, line = _staging.c.item_code, func.max(_staging.c.line)
    doubled = connection.execute(
        select(code, line).group_by(code).having(func.count() > 1).order_by(line)
    ).first()
    if doubled is not None:
        raise _refusal(doubled[1], f", column item_code: {doubled[0]} stands in the file more than once.")


def _merge(connection: Connection, by: str) -> Loaded:
    _add_names(connection, Department, Department.name, _staging.c.department)
    _add_names(connection, Vendor, Vendor.code, _staging.c.vendor_code)
    now = datetime.now(UTC)
    known = _staging.join(_product, _product.c.item_code == _staging.c.item_code)
    total = connection.scalar(select(func.count()).select_from(_staging)) or 0
    existing = connection.scalar(select(func.count()).select_from(known)) or 0
    connection.execute(_history(known, now, by))
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
    connection.execute(_insert(connection)(model).from_select([key.name], names).on_conflict_do_nothing())


def _history(known: FromClause, now: datetime, by: str) -> Insert:
    """Write down the prices that are about to change."""
    changes = (
        select(
            _product.c.id,
            _product.c.item_code,
            _product.c.price,
            _staging.c.price,
            literal(now, UTCDateTime()),
            literal(by),
        )
        .select_from(known)
        .where(_product.c.price != _staging.c.price)
    )
    columns = ["product_id", "item_code", "old_price", "new_price", "changed_at", "changed_by"]
    return insert(PriceHistory).from_select(columns, changes, include_defaults=False)


def _upsert(connection: Connection, now: datetime) -> Any:
    """Insert what is new, update what differs, leave alone what is equal."""
    statement = _insert(connection)(Product).from_select(
        [*_MERGED, "item_code", "active", "version", "modified_at"], _incoming(now), include_defaults=False
    )
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["item_code"],
        set_={name: new[name] for name in _MERGED} | {"version": _product.c.version + 1, "modified_at": now},
        where=or_(*(_product.c[name].is_distinct_from(new[name]) for name in _MERGED)),
    )


def _incoming(now: datetime) -> Select[Any]:
    plain = [_staging.c[name] for name in _MERGED[:-2]]
    joined = _staging.outerjoin(Department, Department.name == _staging.c.department).outerjoin(
        Vendor, Vendor.code == _staging.c.vendor_code
    )
    return (
        select(
            *plain, Department.id, Vendor.id,
            _staging.c.item_code, true(), literal(1), literal(now, UTCDateTime()),
        )
        .select_from(joined)
        .where(true())  # SQLite would otherwise read ON CONFLICT as the join's ON.
    )  # fmt: skip


def _insert(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
