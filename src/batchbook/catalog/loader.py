"""Loading a catalogue file: staged in bulk, then merged into the catalogue.

The file is a table, CSV or XLSX, with a header row and exactly the columns of
:data:`~batchbook.catalog.staging.COLUMNS`, in any order. All of it is loaded or nothing. Products that the file does
not name stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from batchbook.catalog.merging import Loaded, merge
from batchbook.catalog.staging import COLUMNS, stage, staging

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
