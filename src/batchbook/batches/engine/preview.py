"""The preview of an execution: totals, effects and refusals, the same on pages and on the command line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.options import bind_options
from batchbook.batches.handler import Total
from batchbook.batches.lifecycle import FINAL, FORESEEABLE, Action, why_not
from batchbook.db.transactions import is_refused_write, is_transient
from batchbook.errors import BadInput, BatchbookError, Misuse, reason_of

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExecutionPreview:
    """``sentences`` say with counts what will happen with the options as they are by default; ``reasons`` why not."""

    sentences: tuple[str, ...]
    reasons: tuple[str, ...]


def preview_execution(work: ActionContext) -> ExecutionPreview | None:
    """Return what executing the batch would do; ``None`` for one that is executed."""
    batch, handler = work.batch, work.handler
    if batch.state in FINAL:
        return None
    if batch.state not in FORESEEABLE:
        return ExecutionPreview((), (why_not(Action.EXECUTE, batch.state) or "",))
    blocked = why_not_execute(work)
    reasons = tuple(reason for reason in (blocked, why_not(Action.EXECUTE, batch.state)) if reason)
    if blocked:
        return ExecutionPreview((), reasons)
    try:
        options = bind_options(handler, {})
    except BadInput:
        return ExecutionPreview(
            (), reasons
        )  # An option without a default must be chosen before anything can be said.
    return _told(
        work,
        lambda: ExecutionPreview(tuple(handler.describe_execution(batch, options)), reasons),
        lambda words: ExecutionPreview(
            (), (*reasons, f"What executing it would do cannot be told: {words}.")
        ),
    )


def why_not_execute(work: ActionContext) -> str | None:
    """Return the sentence by which the handler refuses to execute the batch as it is; ``None`` if it does not."""
    return _told(
        work,
        lambda: work.handler.why_not_execute(work.batch),
        lambda words: f"Its handler failed when asked whether it can be executed: {words}.",
    )


def totals_of(work: ActionContext) -> list[Total]:
    """Return the figures that the handler shows with the batch's facts."""
    return _told(
        work,
        lambda: [*work.handler.totals(work.batch)],
        lambda words: [Total("Totals", f"Cannot be computed: {words}")],
    )


def _told(work: ActionContext, tell: Callable[[], T], failed: Callable[[str], T]) -> T:
    """Return what ``tell`` does, or what ``failed`` makes of the words for why it failed."""
    try:
        with work.session.begin_nested():
            return tell()
    except Exception as error:  # A handler is somebody's code and may raise anything.
        if isinstance(error, BatchbookError) and not isinstance(error, Misuse):
            raise
        if is_transient(error) or is_refused_write(error):
            raise  # Nobody's fault, or one of the handler that has nothing to do with what it tells.
        log.exception("The handler of %s failed to tell of it", work.batch)
        return failed(reason_of(error))
