"""The problems of large batches that a process keeps until the batch changes, so that pages and filters do not group them again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from batchbook.batches.editing.problems import Problems, problems_of
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.pages.rows.kept_counts import snapshot_of

#: The most groups of all batches together that a process keeps, about 1 KB each.
MOST_GROUPS_KEPT = 20_000
#: Batches with fewer rows with problems are grouped faster than anybody notices.
LEAST_ROWS = 1_000


class KeptProblems:
    """The problems that were grouped last, shared by the threads of a process.

    They are those of a batch as it was after its last operation, and as somebody with the same access to columns sees them. The
    least recently used ones are dropped when there are more than ``most`` groups in all.
    """

    def __init__(self, most: int = MOST_GROUPS_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[int, tuple[Hashable, Problems]] = OrderedDict()
        self._lock = Lock()

    def of(self, context: ActionContext) -> Problems:
        """Return the problems in the batch's rows that are not removed; callers must not change them."""
        # Looked up before the rows are read: what is committed meanwhile has a later operation, which groups them again.
        key = (snapshot_of(context.batch)(context.session), context.access)
        number = context.batch.id
        with self._lock:
            kept = self._kept.get(number)
            if kept is not None and kept[0] == key:
                self._kept.move_to_end(number)
                return kept[1]
        problems = problems_of(context)
        self._keep(number, key, problems)
        return problems

    def clear(self) -> None:
        """Drop all problems."""
        with self._lock:
            self._kept.clear()

    def _keep(self, number: int, key: Hashable, problems: Problems) -> None:
        with self._lock:
            self._kept.pop(number, None)
            if problems.rows < LEAST_ROWS:
                return
            self._kept[number] = (key, problems)
            held = sum(len(kept.groups) for _, kept in self._kept.values())
            while held > self._most and self._kept:
                _, (_, dropped) = self._kept.popitem(last=False)
                held -= len(dropped.groups)
