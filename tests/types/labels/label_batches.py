"""The type labels as tests use it without an application, and the files that its batches have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from tests.batches.harness import BatchHarness

from batchbook.batches import Action, BatchFile, BatchType, file_chunks
from batchbook.batches.engine.engine import Result
from batchbook.batches.rows.storage import SharedTable
from batchbook.db.transactions import transaction_scope
from batchbook.types.labels.handler import LabelHandler
from batchbook.types.labels.models import LabelRow, Labels
from batchbook.types.labels.printing import LabelSetup
from batchbook.types.labels.shipped_templates import SHIPPED
from batchbook.types.labels.templates import LabelTemplates

SETUP = LabelSetup(LabelTemplates(SHIPPED))
LABELS = BatchType(
    "labels",
    Labels,
    SharedTable(LabelRow),
    LabelHandler,
    object,
    "Labels",
    "Labels",
    services={"setup": SETUP},
)
OPTIONS: dict[str, Any] = {
    "print": ["ready", "no_barcode"],
    "files": ["pdf"],
    "start_at": "1",
    "resolution": "203",
}


def opened(harness: BatchHarness, **texts: str) -> int:
    """Return the number of a batch that was made from what its header asks for."""
    number = harness.create(**texts)
    assert not harness.run(number, Action.POPULATE).failed
    return number


def printed(harness: BatchHarness, number: int, **options: Any) -> Result:
    """Execute the batch; return the result."""
    harness.run(number, Action.COMPLETE)
    return harness.run(number, Action.EXECUTE, **(OPTIONS | options))


def files_of(harness: BatchHarness, number: int) -> dict[str, bytes]:
    """Return the files that the execution of a batch stored, by their names."""
    wanted = select(BatchFile).where(BatchFile.batch_id == number, BatchFile.role == "output")
    with transaction_scope(harness.database, read_only=True) as session:
        return {
            one.name: b"".join(file_chunks(session, one))
            for one in session.scalars(wanted.order_by(BatchFile.number))
        }
