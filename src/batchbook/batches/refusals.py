"""What somebody is told whom the state of a batch refuses an action."""

from __future__ import annotations

from batchbook.batches.lifecycle import Action, State, why_not
from batchbook.batches.models import Batch


def refusal(batch: Batch, action: Action) -> str | None:
    """Return the sentences saying that, and why, the state of ``batch`` refuses ``action``; ``None`` if it does not."""
    reason = why_not(action, batch.state, _by(batch))
    return None if reason is None else f"{batch} was not {action.done}. {reason}"


def _by(batch: Batch) -> str:
    """Say who brought the batch into its state, for somebody who comes too late."""
    name, at = {
        State.COMPLETE: (batch.completed_by, batch.completed_at),
        State.EXECUTED: (batch.executed_by, batch.executed_at),
    }.get(State(batch.state), (None, None))
    return f" by {name} on {at:%Y-%m-%d at %H:%M:%S} UTC" if at is not None else ""
