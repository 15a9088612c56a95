"""Batchbook's side: each phase is what a page or a command does, without HTTP, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.orm import Session

from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.lifecycle import Action
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.rows.storage import SharedTable
from batchbook.batches.running.runner import ActionCall, InlineRunner
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChange, PriceChangeRow

TYPES = BatchTypes(
    [
        BatchType(
            "price_change",
            PriceChange,
            SharedTable(PriceChangeRow),
            PriceChangeHandler,
            object,
            "Price change",
            "Price changes",
        )
    ]
)
#: By how much a price change from a query raises prices; the bare script does the same.
PERCENT = 5


class Ours:
    """Price changes in the database at ``url``, one batch after the other."""

    def __init__(self, url: URL) -> None:
        self.engine = make_engine(url)
        self.batch_id = 0
        self._runner = InlineRunner(TYPES, {})
        with self.engine.connect():
            pass  # Opening a connection is not measured.

    def populate_file(self, price_list: Path) -> None:
        """Create a batch with the file, which is stored with it, and populate it; its rows are refreshed too."""
        with transaction_scope(self.engine) as session, price_list.open("rb") as file:
            self._create(session, {}, file, price_list.name)
            self._submit(session, Action.POPULATE)

    def populate_query(self, _price_list: Path) -> None:
        """Create a batch for all products and populate it with prices raised and rounded."""
        with transaction_scope(self.engine) as session:
            self._create(session, {"percent": str(PERCENT), "rounding": "nine"})
            self._submit(session, Action.POPULATE)

    def refresh(self, _price_list: Path) -> None:
        """Refresh the batch."""
        with transaction_scope(self.engine) as session:
            self._submit(session, Action.REFRESH)

    def complete(self) -> None:
        """Mark the batch complete; not measured, but it must come before executing."""
        with transaction_scope(self.engine) as session:
            self._submit(session, Action.COMPLETE)

    def execute(self, _price_list: Path) -> None:
        """Execute the batch."""
        with transaction_scope(self.engine) as session:
            self._submit(session, Action.EXECUTE)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _create(self, session: Session, texts: Mapping[str, str], *file: Any) -> None:
        engine = Engine(session, TYPES, {}, "benchmark")
        self.batch_id = create_batch(engine, "price_change", texts, *file).id

    def _submit(self, session: Session, action: Action) -> None:
        confirmed = {"confirm": "all"} if action is Action.EXECUTE else {}
        result = self._runner.submit(session, ActionCall(self.batch_id, action, "benchmark", confirmed))
        if result.failed:
            raise RuntimeError(result.message)
