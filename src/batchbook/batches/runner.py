"""The one call by which pages and commands ask for an action on a batch.

Today :class:`InlineRunner` runs it inside the caller's transaction. A runner that hands actions to other processes
takes its place in ``registry["batch_runner"]``; neither handlers nor views would know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.orm import Session

from batchbook.batches.engine import Engine, Result
from batchbook.batches.lifecycle import Action
from batchbook.batches.types import BatchTypes


@dataclass(frozen=True)
class ActionCall:
    """What is asked for: an action on a batch, by whom, with which options. All of it is plain data.

    ``version`` is the batch's version that the person looked at; ``None`` for one who did not look.
    """

    batch_id: int
    action: Action
    actor: str
    options: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


class Runner(Protocol):
    """Takes calls and sees to it that they run."""

    def submit(self, session: Session, call: ActionCall) -> Result:
        """Run ``call`` or arrange for it, within the transaction of ``session``; return what to tell the person.

        Raises :class:`batchbook.errors.BatchbookError` where the action is refused.
        """


class InlineRunner:
    """Runs an action at once, in the caller's transaction: it is done, or undone, when that ends."""

    def __init__(self, types: BatchTypes, settings: Mapping[str, Any]) -> None:
        self.types = types
        self.settings = settings

    def submit(self, session: Session, call: ActionCall) -> Result:
        """Run ``call`` now."""
        engine = Engine(session, self.types, self.settings, call.actor)
        return engine.run(call.batch_id, call.action, call.options, call.version)
