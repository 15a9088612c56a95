"""The handler of a batch type, which authors subclass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.batches.effects.declaration import Reversing, TargetRecords
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.intake.file_source import FileSource
from batchbook.batches.lifecycle import Action
from batchbook.batches.matching.declaration import Matching
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.policies.declaration import Policy
from batchbook.batches.rows.row_columns import PerBatchRows
from batchbook.batches.rows.row_values import Block, RowValues
from batchbook.batches.rows.scope import Rows
from batchbook.batches.worksheets.layout import Worksheet
from batchbook.forms import Form
from batchbook.statuses import Status
from batchbook.words import counted, storable


@dataclass(frozen=True, kw_only=True)
class QuickEntry:
    """Declaration of a box for quick entry: ``quick_entry`` of a handler.

    ``label`` is shown beside the box. ``row_for(handler, batch, text)`` gets the text that was scanned or typed, and
    returns the values of a row; ``None`` if it does not recognise the text.
    """

    label: str
    # It gets the author's own handler and header, whose types only the author's code knows.
    row_for: Callable[[Any, Any, str], RowValues | None]

    def values(self, handler: Any, batch: Any, text: str) -> RowValues | None:
        """Return the values of the row for ``text``; ``None`` if it is not recognised.

        ``row_for`` is not called with a text that databases cannot store, such as one with NUL.
        """
        return self.row_for(handler, batch, text) if text == storable(text) else None


#: The name among the options of an execution for the warnings that are confirmed; no option of a type has it.
CONFIRM = "confirm"
#: The option of an action with the reason that the user gives for it. The history keeps it.
REASON = "reason"
#: The confirmation of all warnings of an execution.
ALL = "all"

__all__ = [
    "CONFIRM",
    "REASON",
    "BatchHandler",
    "Block",
    "Callbacks",
    "Duplicates",
    "ExecutionPolicy",
    "NumberChange",
    "Outcome",
    "QuickEntry",
    "Reversing",
    "RowValues",
    "TargetRecords",
    "Total",
    "TouchedRecords",
]


B = TypeVar("B", bound=Batch)
R = TypeVar("R", bound=BatchRow)

_NO_SERVICES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Total:
    """A figure shown with the batch's facts, to people who may see the ``columns`` of rows of which it tells; ``None`` are all."""

    label: str
    value: Any
    columns: Sequence[str] | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of an execution: a sentence, and figures (JSON values) that are stored with the batch.

    ``rest`` is the condition for rows that were left out and shall be copied into a follow-up batch; ``None`` for none.
    """

    summary: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    rest: ColumnElement[bool] | None = None


@dataclass(frozen=True, kw_only=True)
class NumberChange:
    """A number that an execution changes in the rows that satisfy ``where``: from ``before`` to ``after``, columns of the rows.

    Whoever executes is shown the largest changes, and has to confirm those of more than ``warn_above`` per cent (by
    default, and at most, the limit in the settings) under the name ``name``. ``label`` is the number in a sentence, such
    as "the price"; ``named_by`` are the columns by which people know a row, by default the handler's ``peer_columns``.

    Where ``before`` is read from other records than the rows, ``records`` are the primary key of their model and the
    condition that joins them to the rows: an execution locks them before it compares what was confirmed.
    """

    name: str
    label: str
    before: SQLColumnExpression[Any]
    after: SQLColumnExpression[Any]
    where: ColumnElement[bool]
    warn_above: Decimal | None = None
    named_by: Sequence[str] = ()
    records: tuple[InstrumentedAttribute[Any], ColumnElement[bool]] | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutionPolicy:
    """Declaration of how batches are executed: ``execution_policy`` of a handler.

    ``options`` is the form of the options that people choose when they execute a batch; ``defaults`` are the texts of options that
    they did not choose. With ``automatic``, a batch is executed as soon as it is marked complete by a user who may execute it;
    otherwise it waits for such a user. ``retention`` is the time after which an executed batch may be purged; ``None`` is never.
    """

    options: Form | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    automatic: bool = False
    retention: timedelta | None = None
    policy: Policy = field(default_factory=Policy)


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


class BatchHandler(ABC, Generic[B, R]):
    """Populates, refreshes and executes the batches of one type.

    Raise :class:`batchbook.errors.BadInput` for input that cannot be used, and :class:`batchbook.errors.Conflict` for an
    action that is not possible now, each with a whole sentence; the action then leaves nothing behind. Any other exception
    is a failure of the handler: the batch returns to its earlier state, and the reason is stored.
    """

    #: Rows per chunk; ``refresh_chunk_size`` may be larger where ``refresh`` is set-based.
    chunk_size: ClassVar[int] = 2_000
    refresh_chunk_size: ClassVar[int | None] = None
    #: The enums whose members rows and headers have as status.
    statuses: ClassVar[type[Status] | None] = None
    header_statuses: ClassVar[type[Status] | None] = None
    #: Rows with the same values in these columns are peers: an edit of one refreshes the others as well. A handler whose
    #: batches differ in these columns sets them when it is made.
    peer_columns: tuple[str, ...] = ()
    #: Columns of the header on which the statuses of rows depend: an edit of one of them refreshes all rows.
    refresh_after: ClassVar[tuple[str, ...]] = ()
    #: The options of an execution, automatic execution, and the retention of executed batches.
    execution_policy: ExecutionPolicy = ExecutionPolicy()
    #: The files that batches are made from; ``None`` if the type takes no file.
    file_source: FileSource | None = None
    #: The box into which people scan or type rows; ``None`` for no such box.
    quick_entry: QuickEntry | None = None
    #: The worksheets of batches: by default with the columns of their file, or of the row grid.
    worksheet: Worksheet = Worksheet()
    #: The matching of rows whose key is in no record; ``None`` for none. Handlers whose batches differ set it when they are made.
    matching: Matching | None = None
    #: The rows that are duplicates of each other; ``None`` if the type has none.
    duplicates: Duplicates | None = None
    #: The records that rows change, by which overlapping batches are found; ``None`` if the type changes none.
    touched_records: TouchedRecords | None = None
    #: The columns of rows that are stored in a table for each batch; ``None`` if all batches share a table.
    per_batch_rows: PerBatchRows | None = None
    #: The way in which executed batches are reversed by another batch; ``None`` if they cannot be.
    reversing: Reversing | None = None
    #: Functions that are called before or after actions on a batch.
    callbacks: Callbacks = Callbacks()
    #: The approximate number of rows that ``populate`` will yield, for the display of progress; set for you if they come
    #: from a file.
    expected_rows: int | None = None
    #: Allows people to add rows by hand.
    rows_can_be_added: ClassVar[bool] = True

    def __init__(
        self,
        context: HandlerContext,
        model: type[B],
        row_model: type[R],
        services: Mapping[str, Any] = _NO_SERVICES,
    ) -> None:
        self.context = context
        self.session = context.session
        self.model = model
        self.row_model = row_model
        self.services = services

    # The actions.

    def populate(self, batch: B) -> Iterable[RowValues | Block]:
        """Yield the batch's rows, one by one or in blocks; the engine numbers, checks and writes them in bulk.

        A block is written before the next row is taken from the handler.

        By default, rows are read from the file that the batch was created with: as chosen on its pages, or from the
        columns that have the names of fields.
        """
        return (self.file_source or FileSource()).rows(self, batch)

    def refresh(self, batch: B, rows: Rows) -> None:
        """Compare ``rows``, a part of the batch, with current data: set values, statuses and issues.

        Query once per call, never once per row. It is called for chunks of the whole batch and, after an edit, for the
        edited rows and their peers.
        """

    @abstractmethod
    def execute(self, batch: B, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Apply ``rows``, all that are not removed, to the target, and return the outcome.

        ``options`` are the valid values of the policy's options. This runs once for a batch, in the transaction that
        freezes it.
        """

    # Information for people.

    def why_not_execute(self, batch: B) -> str | None:
        """Return a sentence with the reason why the batch cannot be executed as it is; ``None`` if it can.

        A batch with such a reason cannot be marked complete either, because nobody could change its rows any more.
        """
        return None if batch.kept_count else "It has no rows to execute."

    def describe_execution(self, batch: B, options: Mapping[str, Any]) -> list[str]:
        """Return sentences that describe, with counts, the effects of executing the batch with ``options``."""
        return [f"{counted(batch.kept_count, 'row')} will be executed."]

    def number_changes(self, batch: B, options: Mapping[str, Any]) -> Sequence[NumberChange]:
        """Return the numbers that executing the batch with ``options`` changes, so that unusual changes are confirmed."""
        return ()

    def target_records(self, batch: B, options: Mapping[str, Any]) -> Sequence[TargetRecords]:
        """Return the records that executing the batch with ``options`` may change, so that their values are kept.

        A dry run lists them, with the values before and after. By default there are none.
        """
        return ()

    def totals(self, batch: B) -> list[Total]:
        """Return figures to show with the batch's facts."""
        return []

    def header_status(self, batch: B) -> str | None:
        """Return the header's status after rows have changed: a member of ``header_statuses``.

        By default it stays as it is, and is ``None`` if the type declares no header statuses.
        """
        return batch.status if self.header_statuses else None

    # Creation.

    def before_create(self, batch: B, *, has_file: bool) -> None:
        """Check and complete a new header before it is stored; raise ``BadInput`` if it is not valid."""

    # For use by subclasses.

    def report(self, phase: str, done: int = 0, total: int | None = None) -> None:
        """Report that ``done`` of ``total`` rows of ``phase``, a few words, are done.

        Call it in ``execute`` and in anything else that takes time: before each part of the work, and after each chunk.
        It may raise because a user cancelled the action; everything is undone then.
        """
        self.context.progress.report(phase, done, total)
