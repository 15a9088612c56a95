"""The handler of a batch type, which authors subclass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement

from batchbook.batches.effects.declaration import Reversing, TargetRecords
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.handler_declarations import (
    Callbacks,
    Duplicates,
    ExecutionPolicy,
    NumberChange,
    TouchedRecords,
)
from batchbook.batches.intake.file_source import FileSource
from batchbook.batches.lookups import Lookup, refresh_by_lookups
from batchbook.batches.matching.declaration import Matching
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.quick_entry import QuickEntry
from batchbook.batches.record_update import RecordUpdate
from batchbook.batches.rows.row_columns import PerBatchRows
from batchbook.batches.rows.row_values import Block, RowValues
from batchbook.batches.rows.scope import Rows
from batchbook.batches.sources.declaration import Source
from batchbook.batches.worksheets.layout import Worksheet
from batchbook.statuses import Status
from batchbook.words import counted

#: The name among the options of an execution for the warnings that are confirmed; no option of a type has it.
CONFIRM = "confirm"
#: The option of an action with the reason that the user gives for it. The history keeps it.
REASON = "reason"
#: The confirmation of all warnings of an execution.
ALL = "all"

B = TypeVar("B", bound=Batch)
R = TypeVar("R", bound=BatchRow)

_NO_SERVICES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Total:
    """A figure shown with the batch's facts, to people who may see the ``columns`` of rows of which it tells; ``None`` are all."""

    label: str
    value: Any
    columns: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class LinkedBatch:
    """A batch that an execution makes in its transaction, with a link between the two.

    ``type`` is the key of its type, ``header`` has the values of its header by column, and ``rows`` are its rows, as ``populate``
    yields them: they are taken when ``execute`` has returned. They may be ``Rows`` of the executed batch instead: the
    ``FromBatch`` of the other type then declares what becomes of them, as for people who make a batch of these rows. With
    ``execute_at`` (UTC), it is marked complete and scheduled for that time on behalf of whoever executes; without, it is left
    open.
    """

    type: str
    rows: Iterable[RowValues | Block] | Rows
    header: Mapping[str, Any] = field(default_factory=dict)
    execute_at: datetime | None = None
    description: str | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of an execution: a sentence, and figures (JSON values) that are stored with the batch.

    ``rest`` is the condition for rows that were left out and shall be copied into a follow-up batch; ``None`` for none.
    ``batches`` are those that the execution makes.
    """

    summary: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    rest: ColumnElement[bool] | None = None
    batches: Sequence[LinkedBatch] = ()


class BatchHandler(Generic[B, R]):
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
    #: Further groups of columns of which each makes peers by itself, such as ``(("upc",),)``.
    also_peers: tuple[tuple[str, ...], ...] = ()
    #: Columns of the header on which the statuses of rows depend: an edit of one of them refreshes all rows.
    refresh_after: ClassVar[tuple[str, ...]] = ()
    #: The options of an execution, automatic execution, and the retention of executed batches.
    execution_policy: ExecutionPolicy = ExecutionPolicy()
    #: The files that batches are made from; ``None`` if the type takes no file.
    file_source: FileSource | None = None
    #: The rows of other batches, and the records, that people may choose to make batches of this type from.
    sources: ClassVar[tuple[Source, ...]] = ()
    #: The box into which people scan or type rows; ``None`` for no such box.
    quick_entry: QuickEntry | None = None
    #: The worksheets of batches: by default with the columns of their file, or of the row grid.
    worksheet: Worksheet = Worksheet()
    #: The records that rows name, and what rows take from them: by default, a refresh fills that in.
    lookups: tuple[Lookup, ...] = ()
    #: The matching of rows whose key is in no record; ``None`` for none. Handlers whose batches differ set it when they are made.
    matching: Matching | None = None
    #: The rows that are duplicates of each other; ``None`` if the type has none.
    duplicates: Duplicates | None = None
    #: The records that rows change, by which overlapping batches are found; ``None`` if the type changes none.
    touched_records: TouchedRecords | None = None
    #: The records that executing a batch updates; ``None`` if ``execute`` does something else.
    record_update: RecordUpdate | None = None
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

    def __init_subclass__(cls, **options: Any) -> None:
        """Declare what follows from ``record_update``, unless the handler declares it: peers, duplicates, touched records."""
        super().__init_subclass__(**options)
        update = cls.__dict__.get("record_update")
        if isinstance(update, RecordUpdate):
            update = cls.record_update = update.completed(cls.lookups)
            for name, declared in update.consequences.items():
                if name not in cls.__dict__:
                    setattr(cls, name, declared)

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
        edited rows and their peers. By default, it sets what the ``lookups`` declare, by one statement for each of them, and
        the statuses of the ``record_update``.
        """
        refresh_by_lookups(self.lookups, rows)
        if self.record_update is not None:
            self.record_update.refresh(rows, [one for lookup in self.lookups for one in lookup.failures])

    def execute(self, batch: B, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Apply ``rows``, all that are not removed, to the target, and return the outcome.

        ``options`` are the valid values of the policy's options. This runs once for a batch, in the transaction that
        freezes it. By default, it updates the records that ``record_update`` declares.
        """
        if self.record_update is None:
            raise NotImplementedError("A handler without record_update defines execute.")
        return Outcome(*self.record_update.apply(rows))

    # Information for people.

    def why_not_execute(self, batch: B) -> str | None:
        """Return a sentence with the reason why the batch cannot be executed as it is; ``None`` if it can.

        A batch with such a reason cannot be marked complete either, because nobody could change its rows any more.
        """
        if self.record_update is not None:
            return self.record_update.why_not(batch)
        return None if batch.kept_count else "It has no rows to execute."

    def describe_execution(self, batch: B, options: Mapping[str, Any]) -> list[str]:
        """Return sentences that describe, with counts, the effects of executing the batch with ``options``."""
        if self.record_update is not None:
            return self.record_update.description(batch, self.statuses)
        return [f"{counted(batch.kept_count, 'row')} will be executed."]

    def number_changes(self, batch: B, options: Mapping[str, Any]) -> Sequence[NumberChange]:
        """Return the numbers that executing the batch with ``options`` changes, so that unusual changes are confirmed.

        By default, these are the numbers that ``record_update`` sets.
        """
        return [] if self.record_update is None else [*self.record_update.number_changes(self.row_model)]

    def target_records(self, batch: B, options: Mapping[str, Any]) -> Sequence[TargetRecords]:
        """Return the records that executing the batch with ``options`` may change, so that their values are kept.

        A dry run lists them, with the values before and after. By default, these are the records of ``record_update``.
        """
        return () if self.record_update is None else (self.record_update.target_records(self.row_model),)

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
