"""Files that were uploaded before: recognised by their digest, whatever they are called and whatever became of their batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from batchbook.batches.files import WORKSHEET
from batchbook.batches.lifecycle import State
from batchbook.batches.models import Batch, BatchFile, UploadedFile

#: Tells whether a person may see batches of the type with this key in this state; ``None`` for one that is deleted.
MaySee = Callable[[str, State | None], bool]

# A file that was uploaded more often than this was certainly seen.
_MOST_READ = 500


@dataclass(frozen=True)
class EarlierUpload:
    """An earlier upload of the same bytes, as far as a person may know of it.

    ``number`` is its batch, ``None`` if the person may not see that; ``deleted`` that the batch exists no more. ``again``
    means that it is a worksheet of the same batch.
    """

    number: int | None
    deleted: bool = False
    as_worksheet: bool = False
    again: bool = False

    @property
    def sentence(self) -> str:
        """The earlier upload in a sentence."""
        if self.number is None:
            return "This file was uploaded before, to a batch that you may not see."
        if self.again:
            return "This worksheet was uploaded before."
        batch = f"batch {self.number:08d}{', which has been deleted' if self.deleted else ''}"
        if self.as_worksheet:
            return f"This file was uploaded before, as a worksheet of {batch}."
        return f"This is the file of {batch}."

    @property
    def linked(self) -> int | None:
        """The number of the batch to link to; ``None`` if there is none to see."""
        return None if self.deleted or self.again else self.number


def earlier_upload(session: Session, file: BatchFile, may_see: MaySee) -> EarlierUpload | None:
    """Return the earliest upload of the bytes of ``file`` before it, preferably one that the person may see and that exists."""
    return earlier_uploads(session, [file], may_see).get(file.number)


def earlier_uploads(
    session: Session, files: Sequence[BatchFile], may_see: MaySee
) -> dict[int, EarlierUpload]:
    """Return what :func:`earlier_upload` does for each of ``files``, which are of one batch, by the number of the file."""
    # A database may use the number of a deleted batch again, so a batch is the one that was meant only if it has the file.
    still = and_(
        BatchFile.batch_id == UploadedFile.batch_id,
        BatchFile.number == UploadedFile.number,
        BatchFile.sha256 == UploadedFile.sha256,
    )
    statement = (
        select(UploadedFile, Batch.state)
        .outerjoin(BatchFile, still)
        .outerjoin(Batch, Batch.id == BatchFile.batch_id)
        .where(UploadedFile.sha256.in_({file.sha256 for file in files}))
        .order_by(UploadedFile.id)
        .limit(_MOST_READ)
    )
    uploads = [(upload, state) for upload, state in session.execute(statement)] if files else []
    found = {file.number: _earliest(file, uploads, may_see) for file in files}
    return {number: earlier for number, earlier in found.items() if earlier is not None}


def _earliest(
    file: BatchFile, uploads: Sequence[tuple[UploadedFile, str | None]], may_see: MaySee
) -> EarlierUpload | None:
    before: list[EarlierUpload] = []
    for upload, state in uploads:
        if (upload.sha256, upload.size) != (file.sha256, file.size):
            continue
        if (upload.batch_id, upload.number) == (file.batch_id, file.number) and state is not None:
            break
        if upload.uploaded_at <= file.added_at:
            before.append(_as_seen(upload, state, file, may_see))
    # Those of existing batches first, then those of deleted ones, then those that may not be seen.
    return min(before, key=lambda one: (one.number is None, one.deleted), default=None)


def _as_seen(upload: UploadedFile, state: str | None, file: BatchFile, may_see: MaySee) -> EarlierUpload:
    as_worksheet = upload.role == WORKSHEET
    if upload.batch_id == file.batch_id and state is not None:
        return EarlierUpload(upload.batch_id, as_worksheet=as_worksheet, again=as_worksheet)
    if not may_see(upload.type, None if state is None else State(state)):
        return EarlierUpload(None)
    return EarlierUpload(upload.batch_id, deleted=state is None, as_worksheet=as_worksheet)
