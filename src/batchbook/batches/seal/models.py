"""Models of seals: one seal for each executed batch, with the digests of the chunks of its tables.

No foreign key leads to the batch or from it, so that seals outlive a batch that is purged. Triggers let rows be added for
executed batches only, and refuse every change of them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.db import Base

#: The length of a SHA-256 in hexadecimal digits.
HEX_DIGITS = 64


class Seal(Base):
    """The seal of an executed batch: a link of the chain of all seals, numbered from 1 without gaps.

    ``manifest`` is the line that was sealed, see :mod:`batchbook.batches.seal.sealing`; ``digest`` is its SHA-256, and
    ``previous`` that of the seal before. The other columns repeat what the manifest has, for queries.
    """

    __tablename__ = "seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(String(60))
    sealed_at: Mapped[datetime]
    previous: Mapped[str] = mapped_column(String(HEX_DIGITS))
    digest: Mapped[str] = mapped_column(String(HEX_DIGITS))
    manifest: Mapped[str] = mapped_column(Text)


class SealChunk(Base):
    """The digests of a chunk of a sealed table: consecutive records of one batch, in order of their keys.

    ``digest`` is the SHA-256 of the records' lines. The rest tells where a difference is: ``keys`` has the keys of the
    records, see :func:`~batchbook.batches.seal.serialisation.runs_of`; ``row_digests`` and ``column_digests`` have a short digest
    of each record, and of each column over all records, of :data:`~batchbook.batches.seal.serialisation.SHORT` bytes each.
    """

    __tablename__ = "seal_chunk"

    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    table_name: Mapped[str] = mapped_column(String(63), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rows: Mapped[int]
    digest: Mapped[str] = mapped_column(String(HEX_DIGITS))
    keys: Mapped[str] = mapped_column(Text)
    row_digests: Mapped[bytes] = mapped_column(LargeBinary)
    column_digests: Mapped[bytes] = mapped_column(LargeBinary)
