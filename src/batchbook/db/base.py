"""The declarative base that every model of Batchbook and of its plug-ins shares, and defaults of columns."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Column, Date, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from batchbook.db.column_types import UTCDateTime

#: Constraint names are fixed from day one, so that a migration can name what it drops on either database.
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: JSON as the database stores it best: JSONB on PostgreSQL, text elsewhere.
JSONValue = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

#: Mark of a table, in its ``info``, that is kept in a file of its own beside a SQLite database.
SIDE_FILE = "batchbook_beside"


class Base(DeclarativeBase):
    """The base of all ORM models; its ``metadata`` is what Alembic compares the database with."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime(),
        date: Date(),
        dict[str, Any]: JSONValue,
        list[Any]: JSONValue,
    }


def scalar_defaults(columns: ReadOnlyColumnCollection[str, Column[Any]]) -> dict[str, Any]:
    """Return, by key, the defaults of a table's or mapper's ``columns``, as far as each is one plain value.

    A new record's form shows them, and bulk writing, which applies no defaults, stores them.
    """
    defaults: dict[str, Any] = {key: column.default for key, column in columns.items()}
    return {
        key: default.arg for key, default in defaults.items() if default is not None and default.is_scalar
    }
