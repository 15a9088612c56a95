from __future__ import annotations

import hashlib
import io
import os

import pytest
from sqlalchemy import func, select

from batchbook.batches import BatchFile, file_chunks, open_file, store_file
from batchbook.batches.models import BatchFileChunk

from .harness import BatchHarness

CHUNK = 256 * 1024
NAMES = [
    ("prices.csv", "prices.csv"),
    ("C:\\Users\\ann\\prices.csv", "prices.csv"),
    ("/home/ann/prices.csv", "prices.csv"),
    ("../../etc/passwd", "passwd"),
    ("..\\..\\prices.csv", "prices.csv"),
    ("Preisliste für Äpfel.csv", "Preisliste für Äpfel.csv"),
    ("a\x00b.csv", "a�b.csv"),
    ("", "unnamed"),
    ("/", "unnamed"),
    ("x" * 300 + ".csv", "x" * 255),
]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_bytes_come_back_with_their_digest(harness: BatchHarness, size: int) -> None:
    data = os.urandom(size)
    batch_id = harness.create(data, shelf="A")
    with harness.engine() as at_work:
        record = at_work.session.get_one(BatchFile, (batch_id, 1))
        assert (record.size, record.sha256) == (size, hashlib.sha256(data).hexdigest())
        assert (record.role, record.name, record.added_by) == ("input", "list.csv", "staff")
        pieces = list(file_chunks(at_work.session, record))
        assert b"".join(pieces) == data
        assert [len(piece) for piece in pieces] == [CHUNK] * (size // CHUNK) + [size % CHUNK] * bool(
            size % CHUNK
        )
        with open_file(at_work.session, record) as file:
            assert (file.read(), file.seek(0), file.read(3)) == (data, 0, data[:3])
        stored = select(func.count()).select_from(BatchFileChunk).where(BatchFileChunk.batch_id == batch_id)
        assert at_work.session.scalar(stored) == len(pieces)


def test_a_file_keeps_its_name_but_no_path(harness: BatchHarness, subtests: pytest.Subtests) -> None:
    for sent, kept in NAMES:
        with subtests.test(str(ascii(sent))):
            batch_id = harness.create(b"item", name=sent, shelf="A")
            with harness.engine() as at_work:
                assert at_work.session.get_one(BatchFile, (batch_id, 1)).name == kept


def test_reading_begins_at_the_start_and_numbers_go_on(harness: BatchHarness) -> None:
    batch_id = harness.create(b"item", shelf="A")
    file = io.BytesIO(b"outcome")
    file.read()
    with harness.engine() as at_work:
        batch = at_work.find(batch_id)
        record = store_file(at_work.context_of(batch).handler_context, batch, "out.csv", file, role="output")
        assert (record.number, record.size, record.role) == (2, 7, "output")
        assert b"".join(file_chunks(at_work.session, record)) == b"outcome"
