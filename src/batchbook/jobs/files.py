"""Files that jobs make: stored in the database in chunks, so that every process can send what another one made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from batchbook.jobs.models import JobFile, JobFileChunk

_CHUNK = 256 * 1024


def store_job_file(session: Session, job_id: int, name: str, content_type: str, file: BinaryIO) -> int:
    """Store the bytes of ``file`` as what the job made, in place of what it made before; return how many there are."""
    session.execute(delete(JobFile).where(JobFile.job_id == job_id))
    record = JobFile(job_id=job_id, name=name, content_type=content_type, size=0)
    session.add(record)
    session.flush()  # The chunks, written by Core, refer to it.
    file.seek(0)
    for position, data in enumerate(iter(lambda: file.read(_CHUNK), b"")):
        session.execute(insert(JobFileChunk).values(job_id=job_id, position=position, data=data))
        record.size += len(data)
    session.flush()
    return record.size


def job_file_chunks(session: Session, record: JobFile) -> Iterator[bytes]:
    """Yield the bytes of a stored file, a chunk at a time."""
    chunk = JobFileChunk
    for position in range((record.size + _CHUNK - 1) // _CHUNK):
        yield session.scalars(
            select(chunk.data).where(chunk.job_id == record.job_id, chunk.position == position)
        ).one()
