"""The declarative base of all models of Batchbook and its plug-ins, and the defaults of columns."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Column, Date, ForeignKey, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from batchbook.db.column_types import UTCDateTime

#: Constraint names follow a fixed convention, so that migrations can drop constraints by name on both databases.
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: JSON: stored as JSONB on PostgreSQL and as text elsewhere.
JSONValue = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

#: The key in the ``info`` of a table that is stored in a side file beside a SQLite database.
SIDE_FILE = "batchbook_beside"


class Base(DeclarativeBase):
    """The base of all ORM models; Alembic compares the database with its ``metadata``."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime(),
        date: Date(),
        dict[str, Any]: JSONValue,
        list[Any]: JSONValue,
    }


def scalar_defaults(columns: ReadOnlyColumnCollection[str, Column[Any]]) -> dict[str, Any]:
    """Return the scalar defaults of a table's or mapper's ``columns``, by key.

    The form of a new record shows them; bulk writing, which applies no defaults itself, stores them.
    """
    defaults: dict[str, Any] = {key: column.default for key, column in columns.items()}
    return {
        key: default.arg for key, default in defaults.items() if default is not None and default.is_scalar
    }


def foreign_keys_to(column: Any) -> list[ForeignKey]:
    """Return the foreign keys of all tables, also of plug-ins, that refer to ``column``, such as ``Product.id``."""
    (target,) = column.property.columns
    keys = (key for table in Base.metadata.sorted_tables for key in table.foreign_keys)
    return [key for key in keys if key.column is target]
