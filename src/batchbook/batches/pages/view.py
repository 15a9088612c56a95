"""The view class that a batch type subclasses: its pages as data, with the columns that all types share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ColumnElement, String, case, cast, func, literal, select

from batchbook.batches import access
from batchbook.batches.editing import editable_columns
from batchbook.batches.engine.engine import Engine
from batchbook.batches.lifecycle import TRANSITIONS, Action, State
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.pages import BATCH_PAGES
from batchbook.batches.pages.contexts import BatchContext, TypeContext
from batchbook.batches.pages.view_models import PROBLEMS
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.activity import LockedByJob, Running, batch_locked_by_job, running_now
from batchbook.forms import Form, form_of
from batchbook.grid import Choice, Column, Kind, Sort, choices_of, columns_of
from batchbook.jobs import Job
from batchbook.jobs.models import ACTIVE, JobState
from batchbook.jobs.service import JobService
from batchbook.master import MasterView, Page
from batchbook.security.identity import Identity
from batchbook.services import Services
from batchbook.statuses import Severity

if TYPE_CHECKING:
    from batchbook.batches.registry import BatchType


_WIDTH = 8
_digits = cast(Batch.id, String)

#: The number as people write it, with leading zeros, so that it can be searched for as it is seen.
NUMBER = Column(
    "number",
    "Number",
    func.substr(literal("0" * _WIDTH) + _digits, func.length(_digits) + 1, _WIDTH),
    Kind.TEXT,
)
DESCRIPTION = Column("description", "Description", Batch.description, Kind.TEXT)
STATE = Column("state", "State", Batch.state, Kind.CHOICE, choices=choices_of(State))
#: What happens to the batch just now, or is going to at its time; a batch has one of each at the most.
NOW = Column(
    "now",
    "Now",
    select(case((Job.state == JobState.RUNNING, Job.done), else_=Job.state))
    .where(Job.batch_id == Batch.id, Job.exclusive, Job.state.in_((*ACTIVE, JobState.SCHEDULED)))
    .order_by(Job.state == JobState.SCHEDULED, Job.id)
    .limit(1)
    .correlate(Batch)
    .scalar_subquery(),
    Kind.CHOICE,
    choices=(
        *choices_of((JobState.SCHEDULED, JobState.QUEUED)),
        *(
            Choice(done, f"Being {done}", Severity.INFO, JobState.RUNNING.sign)
            for done in (
                *dict.fromkeys(line.action.done for line in TRANSITIONS if line.job),
                Action.EDIT.done,
            )
        ),
    ),
)
ROWS = Column("row_count", "Rows", Batch.row_count, Kind.INTEGER)
CREATED_BY = Column("created_by", "Created by", Batch.created_by, Kind.USER)
CREATED_AT = Column("created_at", "Created", Batch.created_at, Kind.DATETIME)
EXECUTED_BY = Column("executed_by", "Executed by", Batch.executed_by, Kind.USER)
EXECUTED_AT = Column("executed_at", "Executed", Batch.executed_at, Kind.DATETIME)

#: What an index of batches shows unless its type says otherwise.
COMMON = (NUMBER, DESCRIPTION, STATE, NOW, ROWS, CREATED_BY, CREATED_AT, EXECUTED_BY, EXECUTED_AT)


class BatchMasterView(MasterView):
    """The pages of one batch type: a master view over its headers, whose records have rows and a life.

    A subclass says ``row_grid_columns``, the row's columns to show between its number and its status; further
    ``header_fields``, the names of the fields of the header's form (by default all editable columns), ``field_groups`` to order
    them, and ``grid_columns``, what the type's index shows. Everything else comes from the type's models and handler.
    """

    batch_type: ClassVar[BatchType]
    #: Columns of the row table, in their order on the page.
    row_grid_columns: ClassVar[Sequence[str | Column]] = ()
    #: Columns of the row table that the grid can be filtered by and does not show; the row's page does.
    row_filter_columns: ClassVar[Sequence[str | Column]] = ()
    #: Names of the header's editable columns, for creating and editing.
    header_fields: ClassVar[Sequence[str]] = ()
    #: Headings over fields of the header's form: heading → names of fields; the others come behind, as they are.
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {}
    grid_columns: ClassVar[Sequence[str | Column]] = COMMON
    default_sort: ClassVar[Sequence[Sort]] = (Sort("number", descending=True),)
    pages: ClassVar[Sequence[type[Page]]] = BATCH_PAGES
    context_factory = TypeContext
    record_context_factory = BatchContext
    templates: ClassVar[Mapping[str, str]] = {"index": "batchbook.templates:batches/index.jinja2"}

    @classmethod
    def bind(cls, batch_type: BatchType) -> type[BatchMasterView]:
        """Return the class with what the registered type gives it: model, names, addresses."""
        data = {
            "batch_type": batch_type,
            "model": batch_type.header,
            "prefix": f"batches.{batch_type.key}",
            "path": f"/batches/{batch_type.path}",
            "title": batch_type.title_plural,
            "title_one": batch_type.title.lower(),
            "__module__": cls.__module__,
            "__doc__": cls.__doc__,
        }
        return type(cls.__name__, (cls,), data)

    @classmethod
    def permission(cls, name: str) -> str:
        """Return the permission for a page: ``batch:<type>:<action of the lifecycle>``."""
        return access.permission(cls.batch_type.key, name)

    @classmethod
    def row_columns(cls, row: type[BatchRow]) -> tuple[Column, ...]:
        """Return the columns of the grid of ``row``, a batch's row model.

        These are its number, the type's own, status and its words, then those to filter by.
        """
        statuses = cls.batch_type.handler.statuses
        status = _status_column(row, statuses)
        (sequence, text) = columns_of(row, ("sequence", "status_text"))
        wanted = [status if name == status.name else name for name in cls.shown_columns(row)]
        shown = columns_of(row, wanted if status in wanted else (*wanted, status))
        return (sequence, *shown, _noted(text), *cls.filter_columns(row))

    @classmethod
    def shown_columns(cls, row: type[BatchRow]) -> Sequence[str | Column]:  # noqa: ARG003 - For types whose batches differ.
        """Return what the grid of ``row`` shows between number and note: by default ``row_grid_columns``.

        The status comes behind them, unless it is named among them.
        """
        return cls.row_grid_columns

    @classmethod
    def filter_columns(cls, row: type[BatchRow]) -> tuple[Column, ...]:
        """Return the columns that the grid of ``row`` is filtered by without showing them."""
        # Removed rows are marked as a whole, and problems at their cells.
        return columns_of(row, (*cls.row_filter_columns, "removed", _problems_column(row)))

    def grid_key(self, batch: Batch) -> str:  # noqa: ARG002 - For types whose batches differ.
        """Return under which name the choice of what a batch's grid shows is remembered: by default one for the type."""
        return f"rows.{self.batch_type.key}"

    @classmethod
    def row_model(cls, batch: Batch) -> type[BatchRow]:
        """Return the model of the rows of ``batch``."""
        return cls.batch_type.rows.of(batch)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool]:
        """Return the condition for the batches of the type that ``identity`` may see."""
        return access.visible(identity.permissions, services.get(BatchTypes))

    @property
    def engine(self) -> Engine:
        """The engine acting for this person in this request."""
        services = self.request.services
        return Engine(
            self.request.db, services.get(BatchTypes), services.settings, self.request.authenticated_userid
        )

    def held(self, batch_id: int) -> LockedByJob | None:
        """Return a batch and the job that has it, where one has; asked once for a request."""
        if batch_id not in self._held:
            self._held[batch_id] = batch_locked_by_job(self.request, batch_id)
        return self._held[batch_id]

    def many(self, total: int) -> list[tuple[str, str]]:
        """Return what can be done with all ``total`` batches that the index shows: words of a link, name of the page."""
        if total < 2 or not self.request.services.get(JobService).in_background:
            return []
        actions = (Action.REFRESH, Action.EXECUTE)
        return [
            (f"{action.label} all {total:,}…", f"{action.value}_all")
            for action in actions
            if self.may(action.value)
        ]

    @cached_property
    def running(self) -> list[Running]:
        """Return what runs on batches of the type that this person may see."""
        visible = self.visible_to(self.request.services, self.request.identity)
        return running_now(self.request, Batch.type == self.batch_type.key, visible)

    @cached_property
    def _held(self) -> dict[int, LockedByJob | None]:
        return {}

    def form(self, record: Any | None) -> Form:
        """Return the header's form: to create a batch all its fields, else those that are not fixed."""
        columns = {column.name: column for column in editable_columns(self.model, new=record is None)}
        # What the type asks for comes before the fields that every batch has.
        own = sorted(columns, key=lambda name: name in ("description", "notes"))
        return form_of(self.model, [name for name in self.header_fields or own if name in columns])

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return what the header's form suggests while people type: name of a field → texts."""
        return {}

    def label_of(self, record: Batch) -> str:
        """Name a batch in a sentence."""
        return f"batch {record.number}"


def _status_column(row: type[Any], statuses: Any) -> Column:
    (plain,) = columns_of(row, ("status",))
    if statuses is None:
        return plain
    return Column("status", "Status", row.status, Kind.CHOICE, choices=choices_of(statuses))


def _problems_column(row: type[Any]) -> Column:
    return Column(PROBLEMS, "Has problems", row.issues.is_not(None), Kind.BOOLEAN)


def _noted(text: Column) -> Column:
    return Column(text.name, "Note", text.expression, text.kind)
