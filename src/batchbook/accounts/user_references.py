"""References to a user by name in records, which keep the name from being given to somebody else."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, MetaData, String, select
from sqlalchemy.orm import Session

from batchbook.db import Base


def is_referenced(db: Session, user_name: str) -> bool:
    """Return whether any record names ``user_name`` as the one who did something."""
    found = (select(column).where(column == user_name).limit(1) for column in name_columns(Base.metadata))
    return any(db.scalar(statement) is not None for statement in found)


def name_columns(metadata: MetaData) -> Iterator[Column[str]]:
    """Yield the columns that hold the name of who did something: texts called ``…_by`` or ``actor``.

    This is a convention of the house, which plug-ins' tables follow to be looked at here.
    """
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, String) and (column.name.endswith("_by") or column.name == "actor"):
                yield column
