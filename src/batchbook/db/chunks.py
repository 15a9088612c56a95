"""Files stored in the database in chunks of equal size, so that none is ever held in memory as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from sqlalchemy import and_, insert, select
from sqlalchemy.orm import Session

#: The size of a chunk, in bytes.
CHUNK_SIZE = 256 * 1024


def write_chunks(
    session: Session, model: type[Any], key: Mapping[str, Any], file: BinaryIO
) -> tuple[int, str]:
    """Write the bytes of ``file``, from its start, as rows of ``model``; return their number and SHA-256 in hexadecimal.

    ``model`` has the columns ``position`` and ``data`` besides those of ``key``, which say whose chunks they are.
    """
    file.seek(0)
    size, digest = 0, hashlib.sha256()
    for position, data in enumerate(iter(lambda: file.read(CHUNK_SIZE), b"")):
        digest.update(data)
        size += len(data)
        session.execute(insert(model).values(**key, position=position, data=data))
    return size, digest.hexdigest()


def read_chunks(session: Session, model: type[Any], key: Mapping[str, Any], size: int) -> Iterator[bytes]:
    """Yield the ``size`` bytes that :func:`write_chunks` wrote, a chunk at a time."""
    whole = and_(*(getattr(model, name) == value for name, value in key.items()))
    for position in range((size + CHUNK_SIZE - 1) // CHUNK_SIZE):
        yield session.scalars(select(model.data).where(whole, model.position == position)).one()
