"""A guard of a handler's hooks: what their code may not do is refused, and whatever they raise is an error of theirs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from batchbook.batches.handler import BatchHandler
from batchbook.batches.outcomes import checked_outcome, checked_reason, checked_sentences
from batchbook.batches.rows import checked_status
from batchbook.db.guard import guarded
from batchbook.errors import is_interrupt
from batchbook.jobs.progress import Stopped

#: The hooks whose rows are taken one after the other by what calls them, within :func:`handler_code`.
_LAZY = frozenset({"populate", "parse_file"})
#: What is looked at of what hooks return.
_CHECKS: dict[str, Callable[[Any], Any]] = {
    "describe_execution": checked_sentences,
    "execute": checked_outcome,
    "header_status": checked_status,
    "why_not_execute": checked_reason,
}
#: How many items are taken at the most from a hook that yields what it should return.
_MOST_ITEMS = 10_000


class HandlerExit(Exception):  # noqa: N818 - It says what happened.
    """Code of a handler raised ``orig``, which is meant to end a thread or a process, such as ``SystemExit``."""

    def __init__(self, orig: BaseException) -> None:
        super().__init__(type(orig).__name__)
        self.orig = orig


def is_stop(error: BaseException) -> bool:
    """Return whether ``error`` comes from outside: the action shall stop, or somebody pressed Ctrl-C."""
    return isinstance(error, Stopped) or is_interrupt(error)


@contextmanager
def handler_code(session: Session) -> Iterator[None]:
    """Run code of a handler that works in ``session``: guard the transaction, and make an exception of all it raises.

    Raises :class:`~batchbook.errors.Misuse` where it tries what is the framework's, and :class:`HandlerExit`.
    """
    try:
        with guarded(session):
            yield
    except Exception:
        raise
    except BaseException as error:
        if is_stop(error):
            raise
        raise HandlerExit(error) from error


def guard_hooks(handler: BatchHandler[Any, Any]) -> None:
    """Have each hook that the handler's class overrides run as :func:`handler_code`, whoever calls it."""
    for name in _HOOKS:
        if getattr(type(handler), name) is not getattr(BatchHandler, name):
            setattr(handler, name, _guarded(name, getattr(handler, name), handler.session))


_HOOKS = tuple(
    name
    for name, _ in inspect.getmembers(BatchHandler, inspect.isfunction)
    if not name.startswith("_") and name != "report"
)


def _guarded(name: str, hook: Callable[..., Any], session: Session) -> Callable[..., Any]:
    check = _CHECKS.get(name, lambda found: found)

    @wraps(hook)
    def call(*arguments: Any, **options: Any) -> Any:
        with handler_code(session):
            found = hook(*arguments, **options)
            if isinstance(found, Iterator) and name not in _LAZY:
                found = list(islice(found, _MOST_ITEMS))
            return check(found)

    return call
