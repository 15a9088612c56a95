"""Files in chunks come back byte by byte, whatever their size."""

from __future__ import annotations

import hashlib
import io

import pytest
from sqlalchemy import Engine, LargeBinary, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from batchbook.db.bulk_writing import CHUNK_SIZE, read_chunks, write_chunks
from batchbook.db.transactions import transaction_scope


class Own(DeclarativeBase):
    """A base beside the application's, for a table of the test's own."""


class Piece(Own):
    """A piece of a file of the owner ``owner``."""

    __tablename__ = "piece"

    owner: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_what_is_written_is_read(engine: Engine, size: int) -> None:
    Own.metadata.create_all(engine)
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    file = io.BytesIO(data)
    file.seek(0, io.SEEK_END)  # It is written from its start, wherever it stands.
    with transaction_scope(engine) as session:
        for owner in (1, 2):
            found = write_chunks(session, Piece, {"owner": owner}, file)
            assert found == (size, hashlib.sha256(data).hexdigest())
    with transaction_scope(engine, read_only=True) as session:
        assert b"".join(read_chunks(session, Piece, {"owner": 2}, size)) == data
        longest = session.scalar(select(func.max(func.length(Piece.data)))) or 0
        assert longest <= CHUNK_SIZE
