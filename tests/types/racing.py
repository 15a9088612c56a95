"""Two batches that are executed at one moment."""

from __future__ import annotations

import threading
import time

from tests.batches.harness import BatchHarness, wait_until_blocked

from batchbook.batches import Action
from batchbook.errors import Conflict


def told_second(harness: BatchHarness, first: int, second: int) -> str:
    """Execute the batch ``first``, and ``second`` before that is committed; return what is told of the second one.

    Both are complete. Nothing is told of the second one before the first one is committed.
    """
    ends: list[str] = []

    def execute() -> None:
        try:
            ends.append(harness.by("admin").run(second, Action.EXECUTE).message)
        except Conflict as error:
            ends.append(error.message)

    other = threading.Thread(target=execute)
    with harness.engine() as at_work:
        assert not at_work.run(first, Action.EXECUTE, {"confirm": "all"}).failed
        other.start()
        if harness.database.dialect.name == "postgresql":
            wait_until_blocked(harness.database, ends)
        else:
            time.sleep(0.2)  # SQLite has one writer, which the thread waits for.
        assert ends == []
    other.join()
    (told,) = ends
    return told
