"""The guard around a handler's hooks, which refuses what they may not do and checks the results that they return."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial, wraps
from itertools import islice
from typing import Any, cast

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from batchbook.batches.effects.declaration import TargetRecords
from batchbook.batches.handler import ALL, BatchHandler, LinkedBatch, Outcome, Total
from batchbook.batches.handler_declarations import Callbacks, NumberChange
from batchbook.batches.intake.field_mapping import IntakeField
from batchbook.batches.rows.scope import checked_status
from batchbook.batches.worksheets.layout import Layout
from batchbook.db.guard import guarded
from batchbook.db.transactions import is_transient
from batchbook.declarations import is_text, is_texts
from batchbook.errors import BatchbookError, Conflict, is_interrupt, reason_of
from batchbook.jobs.job_progress import Stopped
from batchbook.words import storable

log = logging.getLogger(__name__)

#: The maximum lengths, in characters, of a summary, of a sentence, and of all figures as JSON.
_LONGEST_SUMMARY = 1_000
_LONGEST_SENTENCE = 500
_LONGEST_FIGURES = 20_000
#: The maximum number of sentences that describe an execution.
_MOST_SENTENCES = 50


def cut(text: str, length: int) -> str:
    """Return ``text`` as it can be stored, no longer than ``length``; a text that was cut ends with an ellipsis."""
    kept = storable(text[: length + 1])
    return kept if len(kept) <= length else f"{kept[: length - 1]}…"


def checked_outcome(outcome: Any) -> Outcome:
    """Return the result of ``execute``, its summary cut; raise ``TypeError`` or ``ValueError`` if it cannot be stored."""
    if not isinstance(outcome, Outcome):
        raise TypeError(f"execute must return an Outcome, and returned {_kind(outcome)}")
    if not isinstance(outcome.summary, str):
        raise TypeError(f"the summary of an Outcome must be a text, and is {_kind(outcome.summary)}")
    if outcome.rest is not None and not isinstance(outcome.rest, ColumnElement):
        raise TypeError(
            f"the rest of an Outcome must be a condition in SQL or None, and is {_kind(outcome.rest)}"
        )
    if not (_are(LinkedBatch)(outcome.batches)):
        raise TypeError(
            f"the batches of an Outcome must be a tuple of LinkedBatch, and are {_kind(outcome.batches)}"
        )
    return replace(
        outcome,
        summary=cut(outcome.summary, _LONGEST_SUMMARY),
        figures=checked_figures(outcome.figures),
    )


def checked_figures(figures: Any) -> dict[str, Any]:
    """Return the figures of an outcome; raise as :func:`checked_outcome` does, naming a figure that is no JSON value."""
    if not isinstance(figures, Mapping):
        raise TypeError(f"the figures of an Outcome must be a mapping, and are {_kind(figures)}")
    for name, value in figures.items():
        if not isinstance(name, str) or storable(name) != name:
            raise TypeError(
                f"the figures of an Outcome must have texts as names, and one has {cut(repr(name), 60)}"
            )
        _refuse_no_json(cut(name, 60), value)
    kept = dict(figures)
    if len(json.dumps(kept)) > _LONGEST_FIGURES:
        raise ValueError(
            f"the figures of an Outcome may have {_LONGEST_FIGURES:,} characters as JSON, and have more"
        )
    return kept


def _refuse_no_json(name: str, value: Any) -> None:
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"the figure “{name}” of an Outcome is no JSON value: {cut(str(error), 120)}"
        ) from error
    # PostgreSQL keeps neither in JSON.
    if storable(text) != text or "\\u0000" in text:
        raise ValueError(f"the figure “{name}” of an Outcome has characters that no database stores")


def checked_sentences(found: Any) -> list[str]:
    """Return the sentences of ``describe_execution``, limited in length and number.

    Raises ``TypeError`` for anything else.
    """
    if not isinstance(found, (list, tuple)):
        raise TypeError(f"describe_execution must return a list of sentences, and returned {_kind(found)}")
    for sentence in found:
        if not isinstance(sentence, str):
            raise TypeError(
                f"describe_execution must return sentences, and returned {_kind(sentence)} among them"
            )
    shown = [cut(sentence, _LONGEST_SENTENCE) for sentence in found[:_MOST_SENTENCES]]
    return shown if len(found) <= _MOST_SENTENCES else [*shown, "…"]


def checked_reason(found: Any) -> str | None:
    """Return the sentence of ``why_not_execute``, cut, or ``None``; raise ``TypeError`` for anything else."""
    if found is None:
        return None
    if not isinstance(found, str) or not found.strip():
        raise TypeError(f"why_not_execute must return a sentence or None, and returned {_kind(found)}")
    return cut(found, _LONGEST_SENTENCE)


def checked_changes(found: Any) -> list[NumberChange]:
    """Return the changes of ``number_changes`` as a list; raise ``TypeError`` for anything else.

    Raises ``ValueError`` for a name by which a change could not be confirmed by itself.
    """
    if not isinstance(found, (list, tuple)) or not all(isinstance(one, NumberChange) for one in found):
        raise TypeError(f"number_changes must return a list of NumberChange, and returned {_kind(found)}")
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"number_changes returned several NumberChange with the name {cut(name, 60)!r}")
        if name.strip() in ("", ALL) or name != name.strip() or set(name) & set(",:"):
            raise ValueError(f"a NumberChange cannot have the name {cut(name, 60)!r}: confirm it by another")
    return list(found)


_FIGURES = (str, int, float, Decimal, date)


def checked_totals(found: Any) -> list[Total]:
    """Return the figures of ``totals``; raise ``TypeError`` for anything else."""
    if not isinstance(found, (list, tuple)) or not all(isinstance(one, Total) for one in found):
        raise TypeError(f"totals must return a list of Total, and returned {_kind(found)}")
    for total in found:
        if not isinstance(total.label, str):
            raise TypeError(f"the label of a Total must be a text, and is {_kind(total.label)}")
        if total.value is not None and not isinstance(total.value, _FIGURES):
            raise TypeError(
                f"the value of the Total {cut(total.label, 60)!r} must be a text, a number or a date, and is"
                f" {_kind(total.value)}"
            )
    return list(found)


def _kind(value: Any) -> str:
    return "nothing" if value is None else "an empty text" if value == "" else f"a {type(value).__name__}"


#: The hooks that yield rows; their callers iterate over them within :func:`handler_code`.
_LAZY = frozenset({"populate", "parse", "rows", "supplement"})
#: Functions whose results are not used; a lambda may return anything. A generator is run to its end.
_CALLBACKS = frozenset(field.name for field in fields(Callbacks))


def _are(kind: type[Any]) -> Callable[[Any], bool]:
    return lambda found: isinstance(found, (list, tuple)) and all(isinstance(one, kind) for one in found)


#: For hooks whose results are used as they are: the condition that a result satisfies, and its description.
_WANTED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "adds": (lambda found: found is None or is_text(found), "the name of a column, or None"),
    "before_create": (lambda found: found is None, "nothing; to refuse, raise BadInput with the sentence"),
    "carried_columns": (is_texts, "a tuple of names of columns"),
    "fields": (_are(IntakeField), "a list of IntakeField"),
    "known_lengths": (lambda found: isinstance(found, Mapping), "a mapping of lengths to counts"),
    "known_texts": (is_texts, "a list of texts"),
    "layout": (lambda found: found is None or isinstance(found, Layout), "a Layout or None"),
    "learned_fields": (is_texts, "a tuple of names of fields"),
    "header": (lambda found: isinstance(found, Mapping), "a mapping of columns to values"),
    "target_records": (_are(TargetRecords), "a list of TargetRecords"),
    "row_for": (
        lambda found: found is None or isinstance(found, Mapping),
        "a mapping of columns to values, or None",
    ),
}


def _checked(hook: str, found: Any) -> Any:
    """Return the result of ``hook``; raise ``TypeError`` if it is not what :data:`_WANTED` says."""
    holds, wanted = _WANTED[hook]
    if not holds(found):
        raise TypeError(f"{hook} must return {wanted}, and returned {_kind(found)}")
    return found


#: The checks of the results of hooks.
_CHECKS: dict[str, Callable[[Any], Any]] = {
    "describe_execution": checked_sentences,
    "execute": checked_outcome,
    "number_changes": checked_changes,
    "totals": checked_totals,
    "why_not_execute": checked_reason,
    **{hook: partial(_checked, hook) for hook in _WANTED},
}
#: The maximum number of items taken from a hook that yields a result that it should return.
_MOST_ITEMS = 10_000


class HandlerExit(Exception):  # noqa: N818 - It is not an error by itself.
    """An exception for ``orig``, raised by a handler's code to end a thread or a process, such as ``SystemExit``."""

    def __init__(self, orig: BaseException) -> None:
        super().__init__(type(orig).__name__)
        self.orig = orig


@contextmanager
def telling_failure(consequence: str) -> Iterator[None]:
    """Run the block, code of a handler outside of an action, whose failure is told after ``consequence``.

    Raises ``Conflict`` for an error of the handler, which is logged.
    """
    try:
        yield
    except BatchbookError:
        raise
    except Exception as error:  # A handler is the code of a batch type's author, and may raise anything.
        if is_transient(error):
            raise  # Not the handler's failure: the same may succeed when it is tried again.
        log.exception("%s, because a handler failed", consequence)
        raise Conflict(
            f"{consequence}, because the handler failed ({reason_of(error)}). Try again, or ask for help with this message."
        ) from error


def is_stop(error: BaseException) -> bool:
    """Return whether ``error`` comes from outside the handler: a request to stop the action, or Ctrl-C."""
    return isinstance(error, Stopped) or is_interrupt(error)


@contextmanager
def handler_code(session: Session) -> Iterator[None]:
    """Run the block, which is code of a handler that works in ``session``, and guard the transaction.

    Raises :class:`~batchbook.errors.Misuse` if the code tries to end the transaction or to change the schema, and
    :class:`HandlerExit` in place of exceptions that would end the thread or the process.
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


def _declared_status(handler: BatchHandler[Any, Any], found: Any) -> str | None:
    """Return the result of ``header_status``; raise ``TypeError`` or ``ValueError`` if the type does not declare it."""
    status = checked_status(found)
    if status is not None and status not in {one.value for one in handler.header_statuses or ()}:
        raise ValueError(f"header_status returned {cut(status, 60)!r}, which is not among header_statuses")
    return status


def guard_hooks(handler: BatchHandler[Any, Any]) -> None:
    """Make each hook that the handler's class overrides run within :func:`handler_code`.

    The handler's declarations are replaced by copies whose functions are guarded as well.
    """
    for name in _overridden(cast("Any", type(handler))):
        check = (
            partial(_declared_status, handler) if name == "header_status" else _CHECKS.get(name, _as_it_is)
        )
        setattr(handler, name, _guarded(name, getattr(handler, name), handler.session, check))
    for name in _DECLARATIONS:
        declared = getattr(handler, name)
        if declared is not None:
            parts = {field.name: getattr(declared, field.name) for field in fields(declared)}
            functions = {
                part: _guarded(part, one, handler.session, _CHECKS.get(part, _as_it_is))
                for part, one in parts.items()
                if callable(one)
            }
            # One without functions stays as it is: each page makes a handler.
            if functions:
                setattr(handler, name, replace(declared, **functions))


@lru_cache(maxsize=256)
def _overridden(handler: Any) -> tuple[str, ...]:
    """Return the names of the hooks that the class ``handler`` overrides."""
    return tuple(name for name in HOOKS if getattr(handler, name) is not getattr(BatchHandler, name))


#: The attributes of handlers that are dataclasses with functions of the author among their fields.
_DECLARATIONS = (
    *("file_source", "quick_entry", "worksheet", "per_batch_rows", "duplicates", "callbacks"),
    *("reversing", "execution_policy"),
)


#: The names of the hooks.
HOOKS = tuple(
    name
    for name, _ in inspect.getmembers(BatchHandler, inspect.isfunction)
    if not name.startswith("_") and name != "report"
)


def _as_it_is(found: Any) -> Any:
    return found


def _guarded(
    name: str, hook: Callable[..., Any], session: Session, check: Callable[[Any], Any]
) -> Callable[..., Any]:
    @wraps(hook)
    def call(*arguments: Any, **options: Any) -> Any:
        with handler_code(session):
            found = hook(*arguments, **options)
            if name not in _LAZY and isinstance(found, Generator if name in _CALLBACKS else Iterator):
                found = list(islice(found, _MOST_ITEMS))
            return check(found)

    return call
