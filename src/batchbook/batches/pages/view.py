"""The view class that a batch type subclasses, with the contexts of its addresses and the columns of its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, select

from batchbook.batches import access
from batchbook.batches.editing import editable_columns
from batchbook.batches.engine.context import find_batch
from batchbook.batches.engine.engine import Engine, locked_refusal
from batchbook.batches.engine.hand_over import owner_has_left
from batchbook.batches.lifecycle import (
    READING,
    TRANSITIONS,
    WAITS,
    Action,
    BatchPermission,
    State,
    sources_of,
)
from batchbook.batches.models import Batch, BatchRow, number_in_sql
from batchbook.batches.pages.edit_reasons import sent_edit_reason
from batchbook.batches.policies.field_rules import EVERYTHING, FieldAccess
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.running.activity import LockedByJob, batch_locked_by_job
from batchbook.errors import BatchbookError, Conflict, Missing, Refused
from batchbook.forms import Form, form_of
from batchbook.grid import Choice, Column, GridLayout, Kind, Sort, Verb, choices_of, columns_of
from batchbook.grid.column_layout import DEFAULT_LAYOUT
from batchbook.jobs import Job
from batchbook.jobs.models import ACTIVE, JobState
from batchbook.master import MasterContext, MasterView, Page, RecordContext
from batchbook.master.records import key_of
from batchbook.security.identity import Identity, grants
from batchbook.services import Services
from batchbook.statuses import Severity, Status
from batchbook.web.request import Request

#: The number as people write it, so that it is found as it is shown.
NUMBER = Column("number", "Number", number_in_sql(Batch.id), Kind.TEXT)
DESCRIPTION = Column("description", "Description", Batch.description, Kind.TEXT)
STATE = Column("state", "State", Batch.state, Kind.CHOICE, choices=choices_of(State))
#: The running, waiting or scheduled job of a batch, which has one of each at the most.
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
                Action.DRY_RUN.done,
                Action.EDIT.done,
            )
        ),
    ),
)
ROWS = Column("row_count", "Rows", Batch.row_count, Kind.INTEGER)
CREATED_BY = Column("created_by", "Created by", Batch.created_by, Kind.USER)
OWNER = Column("owner", "Owner", Batch.owner, Kind.USER)
CREATED_AT = Column("created_at", "Created", Batch.created_at, Kind.DATETIME)
#: Whom a batch waits for: nobody in particular while it is complete.
WAITS_FOR = Column(
    "waits_for",
    "Waits for",
    case(
        (
            Batch.state.in_(sources_of(Action.POPULATE, Action.EDIT)),
            func.coalesce(Batch.sent_back_to, Batch.owner),
        )
    ),
    Kind.USER,
)
WAITS_WHY = Column(
    "waits_why",
    "Because",
    case(
        (
            Batch.sent_back_to.is_not(None),
            "Sent back by " + Batch.sent_back_by + ": " + Batch.sent_back_reason,
        ),
        *((Batch.state == state.value, why) for state, why in WAITS.items()),
    ),
    Kind.TEXT,
)
EXECUTED_BY = Column("executed_by", "Executed by", Batch.executed_by, Kind.USER)
EXECUTED_AT = Column("executed_at", "Executed", Batch.executed_at, Kind.DATETIME)

#: The columns that every index of batches can be filtered by without showing them.
FILTERS = (
    OWNER,
    Column("owner_left", "Owner can't sign in", owner_has_left(), Kind.BOOLEAN),
    Column("sent_back", "Sent back", Batch.sent_back_to.is_not(None), Kind.BOOLEAN),
    Column("failure", "Last failure", Batch.failure, Kind.TEXT),
)


def type_column(
    types: Iterable[BatchType], expression: SQLColumnExpression[str] = Batch.type, label: str = "Type"
) -> Column:
    """Return the column with the type of a batch, by the titles of ``types``."""
    choices = tuple(Choice(one.key, one.title) for one in types)
    return Column("type", label, expression, Kind.CHOICE, choices=choices)


def state_query(states: Collection[State]) -> list[tuple[str, str]]:
    """Return the part of an address by which a list of batches shows those in ``states``."""
    return [(f"f.state.{Verb.ANY_OF}", state.value) for state in State if state in states]


#: The columns of an index of batches, unless its type declares others.
COMMON = (
    NUMBER,
    DESCRIPTION,
    STATE,
    NOW,
    WAITS_FOR,
    WAITS_WHY,
    ROWS,
    CREATED_BY,
    CREATED_AT,
    EXECUTED_BY,
    EXECUTED_AT,
)

#: The column of every row grid that is true for rows with problems.
PROBLEMS = "problems"

#: Permissions of the index of a type, for everybody who may see some of its batches.
_READING = frozenset({"view", "export"})
#: Actions on many batches of a type at once; each batch is checked by itself as well.
_MANY = frozenset({Action.REFRESH.value, Action.EXECUTE.value, Action.HAND_OVER.value})


class TypeContext(MasterContext):
    """The context of the addresses that concern all batches of a type."""

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        """Refuse whoever may not see batches of the type, create one, or do with them what ``permission`` names."""
        permissions = identity.permissions
        _, key, name = permission.split(":")
        if name in _READING:
            permitted = access.may(permissions, key, Action.VIEW)
        elif name == BatchPermission.CREATE:
            permitted = access.may_create(permissions, key)
        elif name in _MANY:
            permitted = access.may(permissions, key, Action(name))
        else:
            permitted = grants(permissions, permission)
        return None if permitted else Refused()


class BatchContext(RecordContext):
    """The context of the addresses of one batch; the lifecycle table has the possible actions."""

    view: BatchMasterView

    @cached_property
    def record(self) -> Any:
        """The batch that the address names; raises ``Missing`` if there is none of this type."""
        request = self.view.request
        types = request.services.get(BatchTypes)
        number = int(key_of(Batch, "id", request.matchdict["id"]))
        batch = find_batch(request.db, types, number, expected=self.view.model)
        if not isinstance(batch, self.view.model):
            raise Missing(f"There is no {self.view.title_one} {batch.number}. It may have been deleted.")
        return batch

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        """Refuse what the role of ``identity`` or the batch's state forbids, and what a job that has the batch keeps off."""
        action = Action(permission.rpartition(":")[2])
        lock = None if action in READING else self.view.lock_of(self._key)
        if lock is None:
            return access.refusal(identity.permissions, self.record, action)
        if access.may(identity.permissions, lock.batch.type, action):
            return Conflict(locked_refusal(lock.batch, action, lock.job))
        return Refused()

    @property
    def _key(self) -> int:
        # Not asked of a record that is not loaded yet: on SQLite, loading it to change it would wait for the very job
        # that is the reason to refuse.
        loaded = self.__dict__.get("record")
        return (
            loaded.id if loaded is not None else int(key_of(Batch, "id", self.view.request.matchdict["id"]))
        )


@dataclass(frozen=True)
class RowTable:
    """The columns of the rows of a batch type's batches, as their pages show them.

    ``columns`` are those between a row's number and its note, by default all that the row model declares; the status comes
    behind them, unless it is named among them. ``filter_columns`` are those that the grid can be filtered by and does not show; the row's page shows them.
    ``layout`` is how the grid is laid out until a person arranges it. A type whose batches have different rows overrides the methods.
    """

    columns: Sequence[str | Column] = ()
    filter_columns: Sequence[str | Column] = ()
    layout: GridLayout = DEFAULT_LAYOUT

    def columns_of(self, row: type[BatchRow]) -> Sequence[str | Column]:
        """Return the columns of the row model ``row`` between number and note: by default ``columns``, or all of its own."""
        return self.columns or own_columns(row)

    def settings_key(self, batch: Batch) -> str:
        """Return the name under which a person's sort and page size of rows are remembered: by default one for the type.

        Filters are remembered for each batch by itself.
        """
        return f"rows.{batch.type}"

    def filters(self, row: type[BatchRow]) -> tuple[Column, ...]:
        """Return the columns that the grid of ``row`` is filtered by without showing them."""
        # Removed rows are marked as a whole, and problems at their cells.
        return columns_of(row, (*self.filter_columns, "removed", _problems_column(row)))

    def all_columns(
        self, row: type[BatchRow], statuses: type[Status] | None, access: FieldAccess
    ) -> tuple[Column, ...]:
        """Return all columns of the grid of ``row`` for somebody with ``access``: number, own columns, status, note, then those to filter by."""
        sequence, status = columns_of(row, ("sequence", "status"))
        if statuses is not None:
            status = _status_column(row, statuses)
        own = [status if name == "status" else name for name in self.columns_of(row)]
        columns = columns_of(row, own if status in own else (*own, status))
        return access.visible((sequence, *columns, _note_column(row), *self.filters(row)))


# Kept for as many models as there are of single batches: each of these is large.
@lru_cache(maxsize=64)
def _status_column(row: type[BatchRow], statuses: type[Status]) -> Column:
    return Column("status", "Status", row.status, Kind.CHOICE, choices=choices_of(statuses))


@lru_cache(maxsize=64)
def _note_column(row: type[BatchRow]) -> Column:
    return Column("status_text", "Note", row.status_text, Kind.TEXT)


@lru_cache(maxsize=64)
def _problems_column(row: type[BatchRow]) -> Column:
    return Column(PROBLEMS, "Has problems", row.issues.is_not(None), Kind.BOOLEAN)


def own_columns(row: type[BatchRow]) -> list[str]:
    """Return the names of the columns that a row model adds to those of all rows, without those that no grid can show."""
    names = [
        one
        for one, _column in row.__mapper__.columns.items()
        if one not in BatchRow.__annotations__ and one != "batch_id"
    ]
    return [name for name in names if _can_be_shown(row, name)]


def _can_be_shown(row: type[BatchRow], name: str) -> bool:
    try:
        columns_of(row, [name])
    except TypeError:
        return False
    return True


class BatchMasterView(MasterView):
    """The pages of one batch type: a master view over its headers, whose records have rows and a life.

    A subclass declares ``row_table``, the columns of its rows, by default all of them; further ``header_fields``, the names of the fields of
    the header's form (by default all editable columns), ``field_groups`` to order them, and ``grid_columns``, the
    columns of the type's index. ``pages`` are by default :data:`~batchbook.batches.BATCH_PAGES`. Everything else comes
    from the type's models and handler: ``config.add_batch_type`` makes a subclass of the class that it is given, with
    the model, the addresses and the titles of the type.
    """

    batch_type: ClassVar[BatchType]
    #: The columns of the rows.
    row_table: ClassVar[RowTable] = RowTable()
    #: Names of the header's editable columns, for creating and editing.
    header_fields: ClassVar[Sequence[str]] = ()
    #: Headings over fields of the header's form: heading → names of fields; the others come behind, as they are.
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {}
    grid_columns: ClassVar[Sequence[str | Column]] = COMMON
    filter_columns: ClassVar[Sequence[str | Column]] = FILTERS
    default_sort: ClassVar[Sequence[Sort]] = (Sort("number", descending=True),)
    pages: ClassVar[Sequence[type[Page]]] = ()
    context_factory = TypeContext
    record_context_factory = BatchContext
    templates: ClassVar[Mapping[str, str]] = {"index": "batchbook.templates:batches/index.jinja2"}

    @classmethod
    def permission(cls, name: str) -> str:
        """Return the permission for a page: ``batch:<type>:<action of the lifecycle>``."""
        return access.permission(cls.batch_type.key, name)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool]:
        """Return the condition for the batches of the type that ``identity`` may see."""
        return access.visible(identity.permissions, services.get(BatchTypes))

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._locks: dict[int, LockedByJob | None] = {}

    @cached_property
    def engine(self) -> Engine:
        """The engine acting for this person in this request."""
        services = self.request.services
        return Engine(
            self.request.db,
            services.get(BatchTypes),
            services.settings,
            self.request.authenticated_userid,
            reason=sent_edit_reason(self.request),
        )

    def lock_of(self, batch_id: int) -> LockedByJob | None:
        """Return the lock of a batch by a job, or ``None``; looked up once in a request."""
        if batch_id not in self._locks:
            self._locks[batch_id] = batch_locked_by_job(self.request, batch_id)
        return self._locks[batch_id]

    def form(self, record: Any | None) -> Form:
        """Return the header's form: to create a batch all its fields, else those that are not fixed."""
        columns = {
            column.name: column for column in editable_columns(self.model, EVERYTHING, new=record is None)
        }
        # Fields of the type come before those that every batch has.
        own = sorted(columns, key=lambda name: name in ("description", "notes"))
        return form_of(self.model, [name for name in self.header_fields or own if name in columns])

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return suggestions for the header's form while people type: name of a field → texts."""
        return {}

    def label_of(self, record: Batch) -> str:
        """Return the batch's name for a sentence."""
        return f"batch {record.number}"
