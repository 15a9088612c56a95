"""Files of a batch, stored in chunks in the database, so that they are frozen, moved and backed up with their batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches.handler_context import HandlerContext, next_number
from batchbook.batches.models import Batch, BatchFile, BatchFileChunk, UploadedFile
from batchbook.db.bulk_writing import read_chunks, write_chunks
from batchbook.errors import BadInput
from batchbook.words import storable

#: The role of files that a batch is made from, of those that are uploaded worksheets, and of those with the numbers of the rows
#: that were chosen elsewhere to make the batch of.
INPUT, WORKSHEET, CHOSEN = "input", "worksheet", "chosen"
#: The role of files that an execution makes.
OUTPUT = "output"

_IN_MEMORY = 8 * 1024 * 1024


def store_file(
    context: HandlerContext, batch: Batch, name: str, file: BinaryIO, role: str = INPUT
) -> BatchFile:
    """Store the bytes of ``file``, read in chunks from the start, with ``batch``; return their record.

    ``role`` is ``input`` for the file that the batch is made from, ``output`` for a result, ``worksheet`` for an
    uploaded worksheet, and ``chosen`` for the numbers of chosen rows.
    """
    session = context.session
    record = BatchFile(
        batch_id=batch.id,
        number=next_number(session, BatchFile.number, batch.id),
        role=role,
        # Some browsers have sent whole paths, with either slash; the last part is the file's name.
        name=storable(PurePath(name.replace("\\", "/")).name[:255]) or "unnamed",
        size=0,
        sha256="",
        added_at=context.now,
        added_by=context.actor,
    )
    session.add(record)
    session.flush()  # The chunks, written by Core, refer to it.
    record.size, record.sha256 = write_chunks(session, BatchFileChunk, _key_of(record), file)
    session.flush()
    if role in (INPUT, WORKSHEET):
        # By this it is recognised when it is uploaded again, see earlier_uploads, also after the batch was deleted.
        upload = {"sha256": record.sha256, "size": record.size, "role": role, "uploaded_at": record.added_at}
        session.add(UploadedFile(**upload, batch_id=batch.id, number=record.number, type=batch.type))
    return record


def input_file(session: Session, batch: Batch) -> BatchFile | None:
    """Return the file that ``batch`` was made from; ``None`` if there is none."""
    return session.scalars(
        select(BatchFile)
        .where(BatchFile.batch_id == batch.id, BatchFile.role == INPUT)
        .order_by(BatchFile.number)
        .limit(1)
    ).first()


def stored_files(session: Session, batch: Batch) -> Sequence[BatchFile]:
    """Return the files of ``batch`` that people may download, in the order in which they were stored."""
    shown = select(BatchFile).where(BatchFile.batch_id == batch.id, BatchFile.role != CHOSEN)
    return session.scalars(shown.order_by(BatchFile.number)).all()


def demand_input_file(session: Session, batch: Batch) -> BatchFile:
    """Return the file that ``batch`` was made from; raise ``BadInput`` if there is none."""
    record = input_file(session, batch)
    if record is None:
        raise BadInput(f"{batch} has no file to read rows from.")
    return record


def file_chunks(session: Session, record: BatchFile) -> Iterator[bytes]:
    """Return an iterator over the chunks of a stored file."""
    return read_chunks(session, BatchFileChunk, _key_of(record), record.size)


def open_file(session: Session, record: BatchFile) -> BinaryIO:
    """Return a seekable file with the bytes of a stored one; a large one is a temporary file on disk."""
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - The caller reads and closes it.
    for data in file_chunks(session, record):
        file.write(data)
    file.seek(0)
    return cast("BinaryIO", file)


def _key_of(record: BatchFile) -> dict[str, int]:
    return {"batch_id": record.batch_id, "number": record.number}
