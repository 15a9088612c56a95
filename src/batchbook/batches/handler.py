"""The handler of a batch type, which authors subclass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement

from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.intake.file_source import FileSource
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, BatchRow
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

    ``label`` is shown beside the box. ``row_for`` gets the handler, the batch and the text that was scanned or typed,
    and returns the values of a row; ``None`` if the text means nothing.
    """

    label: str
    # It gets the author's own handler and header, which only the author's code has types for.
    row_for: Callable[[Any, Any, str], RowValues | None]

    def values(self, handler: Any, batch: Any, text: str) -> RowValues | None:
        """Return the values of the row for ``text``; ``None`` if it means nothing, or cannot be stored.

        The function of the author is not asked about a text that no database stores, such as one with NUL.
        """
        return self.row_for(handler, batch, text) if text == storable(text) else None


__all__ = [
    "BatchHandler",
    "Block",
    "Callbacks",
    "ExecutionPolicy",
    "Outcome",
    "QuickEntry",
    "RowValues",
    "Total",
]


B = TypeVar("B", bound=Batch)
R = TypeVar("R", bound=BatchRow)

_NO_SERVICES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Total:
    """A figure shown with the batch's facts, such as the sum of a column."""

    label: str
    value: Any


@dataclass(frozen=True)
class Outcome:
    """What an execution did: one sentence, and the figures behind it (JSON values, kept with the batch).

    ``rest`` is the condition for rows that were left out and are to go into a batch of their own, to be worked on
    further; ``None`` where there are none.
    """

    summary: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    rest: ColumnElement[bool] | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutionPolicy:
    """Declaration of how batches are executed: ``execution_policy`` of a handler.

    ``options`` are what people choose from when they execute, ``defaults`` what the options are, as texts, where nobody
    chose. With ``automatic`` a batch is executed as soon as it is marked complete by somebody who may execute it; else
    it waits for such a person. ``retention`` is the time after which an executed batch may be purged; ``None`` keeps it
    for good.
    """

    options: Form | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    automatic: bool = False
    retention: timedelta | None = None


def _nothing(*_arguments: Any) -> None:
    """Do nothing: no callback was declared."""


# The functions get the author's own handler and headers, which only the author's code has types for.
@dataclass(frozen=True, kw_only=True)
class Callbacks:
    """Declaration of functions that are called around what happens to a batch: ``callbacks`` of a handler.

    ``setup(handler, action, batch)`` prepares for populate, refresh or execute, once, before its first chunk;
    ``teardown(handler, action, batch)`` cleans up, once, whether the action succeeded or failed.
    ``on_complete(handler, batch)`` is called when the batch is marked complete and may raise ``Conflict`` to refuse,
    ``on_clone(handler, source, clone)`` before ``clone``, a header filled with the values of ``source``, is stored, and
    ``on_delete(handler, batch)`` before the batch is deleted, to clean up what belongs to it elsewhere.
    ``after_edit(handler, batch, rows)`` brings rows that people edited, and their peers, up to date; ``None`` refreshes them.
    """

    setup: Callable[[Any, Action, Any], None] = _nothing
    teardown: Callable[[Any, Action, Any], None] = _nothing
    on_complete: Callable[[Any, Any], None] = _nothing
    on_clone: Callable[[Any, Any, Any], None] = _nothing
    on_delete: Callable[[Any, Any], None] = _nothing
    after_edit: Callable[[Any, Any, Rows], None] | None = None


class BatchHandler(ABC, Generic[B, R]):
    """Populates, refreshes and executes the batches of one type.

    Raise :class:`batchbook.errors.BadInput` where what a person gave cannot be used and
    :class:`batchbook.errors.Conflict` where the action cannot be done now, each with a whole sentence; nothing is kept
    of the action then. Any other exception counts as a failure of the handler: the batch returns to the state before,
    with the reason kept.
    """

    #: Rows per chunk; ``refresh_chunk_size`` may be larger where ``refresh`` is set-based.
    chunk_size: ClassVar[int] = 2_000
    refresh_chunk_size: ClassVar[int | None] = None
    #: The enums whose members rows and headers have as status.
    statuses: ClassVar[type[Status] | None] = None
    header_statuses: ClassVar[type[Status] | None] = None
    #: Rows with the same values in these columns depend on each other: one that is edited has them refreshed as well.
    #: Where they differ from batch to batch, they are set on the handler when it is made.
    peer_columns: tuple[str, ...] = ()
    #: Columns of the header that decide about rows' statuses: an edit of one of them refreshes all rows.
    refresh_after: ClassVar[tuple[str, ...]] = ()
    #: The options of an execution, whether completing a batch executes it, and how long it is kept then.
    execution_policy: ExecutionPolicy = ExecutionPolicy()
    #: The files that batches are made from; ``None`` where the type takes none.
    file_source: FileSource | None = None
    #: The box into which people scan or type rows; ``None`` offers none.
    quick_entry: QuickEntry | None = None
    #: The worksheets of batches: by default with the columns of their file, or of the row grid.
    worksheet: Worksheet = Worksheet()
    #: The columns of rows that are in a table of their own for each batch; ``None`` where all batches share one.
    per_batch_rows: PerBatchRows | None = None
    #: Functions that are called around what happens to a batch.
    callbacks: Callbacks = Callbacks()
    #: About how many rows ``populate`` is going to yield, for people who watch; set for you where a file is read.
    expected_rows: int | None = None
    #: Whether people may add rows by hand.
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

    # Those that matter.

    def populate(self, batch: B) -> Iterable[RowValues | Block]:
        """Yield the batch's rows, one by one or in blocks; the engine numbers, checks and writes them in bulk.

        A block is written before the handler is asked for what comes next.

        By default they are read from the file the batch was created with: as was decided on its pages, or else from
        the columns that have the names of fields.
        """
        return (self.file_source or FileSource()).rows(self, batch)

    def refresh(self, batch: B, rows: Rows) -> None:
        """Compare ``rows``, a part of the batch, with current data: set values, statuses and issues.

        Look up once per call, never once per row. Called for chunks of the whole batch and, after an edit, for the
        rows that were touched.
        """

    @abstractmethod
    def execute(self, batch: B, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Apply ``rows``, all that are not removed, to the target, and return what was done.

        ``options`` are the valid values of the policy's options. Runs once for a batch, in one transaction with the
        freeze.
        """

    # What people are told.

    def why_not_execute(self, batch: B) -> str | None:
        """Return a sentence saying why the batch cannot be executed as it is; ``None`` if it can."""
        return None if batch.kept_count else "It has no rows to execute."

    def describe_execution(self, batch: B, options: Mapping[str, Any]) -> list[str]:
        """Return sentences that say, with counts, what executing with ``options`` will do."""
        return [f"{counted(batch.kept_count, 'row')} will be executed."]

    def totals(self, batch: B) -> list[Total]:
        """Return figures to show with the batch's facts."""
        return []

    def header_status(self, batch: B) -> str | None:
        """Return the header's status after rows changed: a member of ``header_statuses``.

        By default a batch's status is ``None`` where the type declares no header statuses.
        """
        return batch.status if self.header_statuses else None

    # Before anything is there.

    def before_create(self, batch: B, *, has_file: bool) -> None:
        """Check and complete a new header before it is stored; raise ``BadInput`` where it makes no sense."""

    # What handlers get for their work.

    def report(self, phase: str, done: int = 0, total: int | None = None) -> None:
        """Tell people who watch that ``done`` of ``total`` rows of ``phase``, a few words, are done.

        To be called in ``execute`` and wherever else something takes its time: before each part of the work, and after
        each chunk of it. It may raise, because somebody cancelled the action; everything is undone then.
        """
        self.context.progress.report(phase, done, total)
