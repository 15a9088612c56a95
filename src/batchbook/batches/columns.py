"""The columns that grids show of batches of every type."""

from __future__ import annotations

from sqlalchemy import String, case, cast, func, literal, select

from batchbook.batches.lifecycle import TRANSITIONS, Action, State
from batchbook.batches.models import Batch
from batchbook.grid import Choice, Column, Kind, choices_of
from batchbook.jobs import Job
from batchbook.jobs.states import ACTIVE, JobState
from batchbook.statuses import Severity

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
