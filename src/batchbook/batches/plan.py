"""What executing a batch would do, or what stands against it: told alike by its page and by the command line."""

from __future__ import annotations

from dataclasses import dataclass

from batchbook.batches.lifecycle import FINAL, FORESEEABLE, Action, why_not
from batchbook.batches.options import bind_options
from batchbook.batches.work import Work
from batchbook.errors import BadInput


@dataclass(frozen=True)
class Plan:
    """``sentences`` say with counts what will happen with the options as they are by default; ``reasons`` why not."""

    sentences: tuple[str, ...]
    reasons: tuple[str, ...]


def plan_execution(work: Work) -> Plan | None:
    """Return what executing the batch would do; ``None`` for one that is executed."""
    batch, handler = work.batch, work.handler
    if batch.state in FINAL:
        return None
    if batch.state not in FORESEEABLE:
        return Plan((), (why_not(Action.EXECUTE, batch.state) or "",))
    blocked = handler.why_not_execute(batch)
    reasons = tuple(reason for reason in (blocked, why_not(Action.EXECUTE, batch.state)) if reason)
    if blocked:
        return Plan((), reasons)
    try:
        options = bind_options(handler, {})
    except BadInput:
        return Plan((), reasons)  # An option without a default must be chosen before anything can be said.
    return Plan(tuple(handler.describe_execution(batch, options)), reasons)
