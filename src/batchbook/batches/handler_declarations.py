"""Declarations of a handler as data: options of execution, numbers that change, duplicates, records, callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.batches.lifecycle import Action
from batchbook.batches.policies.declaration import Policy
from batchbook.batches.rows.scope import Rows
from batchbook.forms import Form


@dataclass(frozen=True, kw_only=True)
class NumberChange:
    """A number that an execution changes in the rows that satisfy ``where``: from ``before`` to ``after``, columns of the rows.

    Whoever executes is shown the largest changes, and has to confirm those of more than ``warn_above`` per cent (by
    default, and at most, the limit in the settings) under the name ``name``. ``label`` is the number in a sentence, such
    as "the price"; ``named_by`` are the columns by which people know a row, by default the handler's ``peer_columns``.

    Where ``before`` is read from other records than the rows, ``records`` are the primary key of their model and the
    condition that joins them to the rows: an execution locks them before it compares what was confirmed.

    With ``later``, it is a change by a batch that the execution makes: it is shown and confirmed with the others, because
    nobody looks at that batch when it is executed by its schedule, and counts for no sum.
    """

    name: str
    label: str
    before: SQLColumnExpression[Any]
    after: SQLColumnExpression[Any]
    where: ColumnElement[bool]
    warn_above: Decimal | None = None
    named_by: Sequence[str] = ()
    records: tuple[InstrumentedAttribute[Any], ColumnElement[bool]] | None = None
    later: bool = False


@dataclass(frozen=True, kw_only=True)
class ExecutionPolicy:
    """Declaration of how batches are executed: ``execution_policy`` of a handler.

    ``options`` is the form of the options that people choose when they execute a batch; ``defaults`` are the texts of
    options that they did not choose. With ``automatic``, a batch is executed as soon as it is marked complete by a user
    who may execute it; otherwise it waits for such a user. ``retention`` is the time after which an executed batch may be
    purged; ``None`` keeps it for good. ``schedules`` tells that executing makes batches that are executed later, for which jobs
    must run in the background. ``proposed_time(handler, batch)`` returns the time (UTC) that the form of a schedule proposes, or
    ``None``.
    """

    options: Form | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    automatic: bool = False
    retention: timedelta | None = None
    policy: Policy = field(default_factory=Policy)
    schedules: bool = False
    # It gets the author's own handler and header, whose types only the author's code knows.
    proposed_time: Callable[[Any, Any], datetime | None] = lambda _handler, _batch: None


def _nothing(*_arguments: Any) -> None:
    """Do nothing, as the default of callbacks."""


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Declaration of rows that are duplicates, of which people keep one: ``duplicates`` of a handler.

    Rows with the same values in the columns ``key`` are duplicates of each other; by default the key is the handler's
    ``peer_columns``. It may be a function of the handler and the batch that returns their names. ``status`` is the status that a refresh gives them, ``also`` are statuses that some of them may have
    instead, such as that of rows that cannot be used; no other rows are removed. ``number`` is the numeric column by which
    a row is the cheapest, or a function of the handler and the batch that returns its name; ``None`` for none.
    """

    status: str
    also: Sequence[str] = ()
    # They get the author's own handler and header, whose types only the author's code knows.
    key: Sequence[str] | Callable[[Any, Any], Sequence[str]] = ()
    number: str | Callable[[Any, Any], str | None] | None = None

    def key_of(self, handler: Any, batch: Any) -> Sequence[str]:
        """Return the names of the key's columns in ``batch``."""
        return (self.key(handler, batch) if callable(self.key) else self.key) or handler.peer_columns

    def number_of(self, handler: Any, batch: Any) -> str | None:
        """Return the name of the column by which a row of ``batch`` is the cheapest; ``None`` if it has none."""
        return self.number(handler, batch) if callable(self.number) else self.number


@dataclass(frozen=True, kw_only=True)
class TouchedRecords:
    """Declaration of the records that rows change, by which overlapping batches are found: ``touched_records`` of a handler.

    ``key`` are the attributes of the records' model that identify a record, ``columns`` the names of the columns of rows that
    have the same values, in the same order; by default the handler's ``peer_columns``. Each may be a function of the handler
    and the batch.
    """

    # They get the author's own handler and header, whose types only the author's code knows.
    key: Sequence[Any] | Callable[[Any, Any], Sequence[Any]]
    columns: Sequence[str] | Callable[[Any, Any], Sequence[str]] = ()

    def key_of(self, handler: Any, batch: Any) -> Sequence[Any]:
        """Return the attributes of the records' key for ``batch``."""
        return self.key(handler, batch) if callable(self.key) else self.key

    def columns_of(self, handler: Any, batch: Any) -> Sequence[str]:
        """Return the names of the columns of the rows of ``batch``."""
        return (
            self.columns(handler, batch) if callable(self.columns) else self.columns
        ) or handler.peer_columns


# The functions get the author's own handler and headers, whose types only the author's code knows.
@dataclass(frozen=True, kw_only=True)
class Callbacks:
    """Declaration of functions that are called before or after actions on a batch: ``callbacks`` of a handler.

    ``setup(handler, action, batch)`` prepares for populate, refresh or execute, once, before its first chunk;
    ``teardown(handler, action, batch)`` cleans up, once, after success and failure alike.
    ``on_complete(handler, batch)`` is called when the batch is marked complete and may raise ``Conflict`` to refuse,
    ``on_clone(handler, source, clone)`` before ``clone``, a header filled with the values of ``source``, is stored, and
    ``on_delete(handler, batch)`` before the batch is deleted, to clean up what belongs to it elsewhere.
    ``after_edit(handler, batch, rows)`` updates rows that people edited, and their peers, in place of ``refresh``.
    """

    setup: Callable[[Any, Action, Any], None] = _nothing
    teardown: Callable[[Any, Action, Any], None] = _nothing
    on_complete: Callable[[Any, Any], None] = _nothing
    on_clone: Callable[[Any, Any, Any], None] = _nothing
    on_delete: Callable[[Any, Any], None] = _nothing
    after_edit: Callable[[Any, Any, Rows], None] | None = None
