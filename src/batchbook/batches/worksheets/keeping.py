"""Uploaded worksheets: kept with their batch byte for byte, and opened again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from batchbook.batches.editing.touched import all_or_nothing
from batchbook.batches.engine import Engine
from batchbook.batches.files import WORKSHEET, open_file, store_file
from batchbook.batches.models import BatchFile
from batchbook.batches.work import HIGHEST_NUMBER, Work
from batchbook.batches.worksheets.applying import KIND
from batchbook.batches.worksheets.choosing import layout_of
from batchbook.batches.worksheets.comparing import refuse_foreign
from batchbook.batches.worksheets.reading import Worksheet, open_worksheet
from batchbook.errors import Missing


def keep_worksheet(engine: Engine, batch_id: int, name: str, file: BinaryIO) -> BatchFile:
    """Keep ``file``, called ``name``, with the batch whose worksheet it is; return its record.

    Raises ``BadInput`` for any other file, and as :meth:`~batchbook.batches.engine.Engine.lock` does.
    """
    with all_or_nothing(engine, batch_id) as work:
        refuse_foreign(work, open_worksheet(name, file), layout_of(work))
        record = store_file(work.context, work.batch, name, file, WORKSHEET)
        work.record(KIND, f"Uploaded the worksheet “{record.name}”, {record.size:,} bytes.")
        return record


@contextmanager
def kept_worksheet(work: Work, number: int) -> Iterator[Worksheet]:
    """Yield the uploaded worksheet with that number among the batch's files; raise ``Missing`` if there is none."""
    record = work.session.get(BatchFile, (work.batch.id, number)) if number <= HIGHEST_NUMBER else None
    if record is None or record.role != WORKSHEET:
        raise Missing(f"{work.batch} has no such worksheet.")
    with open_file(work.session, record) as file:
        yield open_worksheet(record.name, file)
