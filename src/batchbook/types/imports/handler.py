"""The handler of imports: rows from a mapped table, compared with the target, applied to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import func, select

from batchbook.batches import (
    Action,
    BatchHandler,
    Block,
    HandlerContext,
    IntakeField,
    IntakeMapping,
    Outcome,
    RowColumn,
    Rows,
    RowValues,
)
from batchbook.errors import BadInput
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.imports import record_writing
from batchbook.types.imports.comparison import Comparison, in_scope, missing_records
from batchbook.types.imports.duplicates import DuplicateKeys
from batchbook.types.imports.fuzzy_match import References
from batchbook.types.imports.models import (
    APPLICABLE,
    PROBLEMATIC,
    Import,
    ImportRow,
    ImportStatus,
    Mode,
    has_status,
)
from batchbook.types.imports.preconditions import (
    LOOKED_FOR_MISSING,
    Staleness,
    refuse_late_replacing,
    refuse_lost_references,
    refuse_mode,
    refuse_not_allowed,
    refuse_problems,
    refuse_stale,
    refuse_unsure_deletion,
)
from batchbook.types.imports.record_writing import Application
from batchbook.types.imports.row_problems import Problems
from batchbook.types.imports.targets import ImportPlan, ImportTargets, carried
from batchbook.words import counted


class FileIntakeHooks(BatchHandler[Import, ImportRow]):
    """The part of the handler that is about the table; what becomes of its rows is for the other one to say."""

    carries_columns: ClassVar[bool] = True
    line_column: ClassVar[str | None] = "line"
    raw_column: ClassVar[str | None] = "raw"

    def __init__(
        self,
        context: HandlerContext,
        model: type[Import],
        row_model: type[ImportRow],
        services: Mapping[str, Any],
    ) -> None:
        super().__init__(context, model, row_model, services)
        self._targets: ImportTargets = services["targets"]
        self._references: dict[str, References] = {}
        # Rows with the same key are duplicates of each other.
        self.peer_columns = tuple(
            column.key for column in row_model.__mapper__.columns if column.info.get("peer")
        )

    def intake_fields(self, batch: Import) -> Sequence[IntakeField]:
        """What the target has: the key first."""
        return self._plan_of(batch).intake_fields

    def intake_sender(self, batch: Import) -> str:
        """Who sends such tables, as the header says."""
        return batch.sender or ""

    def intake_scope(self, batch: Import) -> str:
        """Mappings are remembered for each target by itself."""
        return batch.target

    def intake_lengths(self, batch: Import, field: IntakeField) -> Mapping[int, int]:
        """How long the target's keys are, where these are texts."""
        found = self._plan_of(batch).target.field(field.name)
        if not field.key or found.column.kind is not Kind.TEXT:
            return {}
        stored = found.lookup.by if found.lookup else found.stored
        length = func.length(stored)
        return {row[0]: row[1] for row in self.session.execute(select(length, func.count()).group_by(length))}

    def row_columns(self, batch: Import) -> Sequence[RowColumn]:
        """The key, each field before and after, and what is carried along."""
        return tuple(self._plan_of(batch).columns())

    def learned_fields(self, batch: Import) -> Collection[str]:
        """Those that refer to other records: what a text means there is remembered for who sent it."""
        return [field.name for field in self._plan_of(batch).fields if field.lookup]

    def known_texts(self, batch: Import, field: str, texts: Sequence[str]) -> Collection[str]:
        """Those by which the records that are referred to are called, with nothing else that may be meant."""
        found = self._references_of(self._plan_of(batch))[field].look_up(texts)
        return [text for text in texts if len(found[text]) == 1]

    def carried_columns(self, mapping: IntakeMapping) -> Sequence[str]:
        """The names of the columns that only carry what the table says."""
        return [carried(place) for place in range(len(mapping.carried))]

    def _plan_of(self, batch: Import) -> ImportPlan:
        return ImportPlan(self._targets, batch)

    def _references_of(self, plan: ImportPlan) -> Mapping[str, References]:
        for field in plan.target.fields:
            if field.lookup and field.name not in self._references:
                self._references[field.name] = References(self.session, field.lookup)
        return self._references


_NOT_APPLIED = (ImportStatus.UNCHANGED, ImportStatus.SKIPPED)
_STALE_RECORDS = "Some records changed since the last refresh: see what was, what is planned, what is now."


def execution_preview(batch: Import, title: str, *, stale: bool) -> list[str]:
    """Return the sentences about ``batch``, whose target people call ``title``; ``stale`` if records changed since."""
    done = ", ".join(f"{batch.count_of(s):,} {s.value}d" for s in APPLICABLE if batch.count_of(s))
    left = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in _NOT_APPLIED if batch.count_of(s))
    sentences = [f"{title}: {done}."]
    if left:
        sentences.append(f"Nothing happens to the rest: {left}.")
    problematic = batch.count_of(*PROBLEMATIC)
    if problematic:
        sentences.append(
            f"{counted(problematic, 'row has', 'rows have')} problems. Unless good rows are applied now, nothing is"
            " executed while that is so."
        )
    return [*sentences, _STALE_RECORDS] if stale else sentences


#: What to do where rows have problems: nothing at all, or the good rows now.
ALL, GOOD = "all", "good"
_APPLY = ((ALL, "All rows or none"), (GOOD, "Good rows now, the others go into a batch of their own"))


class ImportHandler(FileIntakeHooks):
    """Handles imports. Rows are compared and applied by set-based SQL; only rows with problems are read."""

    statuses = ImportStatus
    chunk_size: ClassVar[int] = 5_000
    refresh_chunk_size: ClassVar[int | None] = 50_000
    refresh_after: ClassVar[tuple[str, ...]] = ("mode", "empty_cells", "unknown")
    execution_options = Form(
        [
            Field.of(
                "apply",
                Kind.CHOICE,
                label="Where rows have problems",
                choices=choices_of(_APPLY),
                required=True,
            ),
            Field.of(
                "overwrite",
                Kind.BOOLEAN,
                label="Overwrite records that changed since the refresh",
                help="Without this, nothing is applied if any of these records changed meanwhile.",
            ),
        ]
    )
    execution_defaults: ClassVar[Mapping[str, Any]] = {"apply": ALL}

    #: Which keys come more than once, while an action looks at all rows.
    _repeated: DuplicateKeys | None = None

    # What is taken from the table.

    def before_create(self, batch: Import, *, has_file: bool) -> None:
        """Check that the target is one, and that who acts may import into it.

        Where records can only be updated, what a new header says by default means that.
        """
        if not has_file:
            raise BadInput("Give the table that is to be imported: a file, or rows pasted into the box.")
        if not self._targets[batch.target].creates and batch.mode == Mode.CREATE_UPDATE:
            batch.mode = Mode.UPDATE.value
        plan = self._plan_of(batch)
        refuse_not_allowed(self.context, plan, self._targets)
        refuse_mode(plan)
        if plan.mode is Mode.REPLACE:
            in_scope(self.session, plan)

    def supplement(self, batch: Import) -> Iterable[RowValues | Block]:
        """Yield a row for each record of the target that the table lacks, where that is wanted."""
        plan = self._plan_of(batch)
        batch.params = batch.params | {LOOKED_FOR_MISSING: plan.mode is Mode.REPLACE}
        if plan.mode is Mode.REPLACE:
            self.report("look for what is missing")
            yield from missing_records(self.session, plan, self.row_model)

    # What becomes of it.

    def setup(self, action: Action, batch: Import) -> None:
        """Refuse a mode that the target does not allow: it may have been changed since the batch was made."""
        refuse_mode(self._plan_of(batch))
        if action is Action.REFRESH:
            refuse_late_replacing(batch)
        of_all_rows = action in (Action.POPULATE, Action.REFRESH)
        self._repeated = DuplicateKeys(self.session) if of_all_rows else None

    def refresh(self, batch: Import, rows: Rows) -> None:
        """Compare ``rows`` with the target in one statement, then say what is wrong in those that have a problem."""
        plan = self._plan_of(batch)
        repeated = self._repeated.first_parts(plan, self.row_model) if self._repeated else None
        comparison = Comparison(plan, self.row_model, repeated)
        problems = Problems(plan, comparison, self.row_model, self._references_of(plan))
        problems.resolve(rows)
        self.session.execute(comparison.update(rows))
        problems.note(rows)

    def after_edit(self, batch: Import, rows: Rows) -> None:
        """Refresh the few rows of an edit, for which not all keys of the batch are worth a look."""
        self._repeated = None
        self.refresh(batch, rows)

    def why_not_execute(self, batch: Import) -> str | None:
        """An import without a row that changes anything has nothing to execute."""
        if batch.count_of(*APPLICABLE):
            return None
        return "None of its rows creates, updates or deletes anything, so there is nothing to execute."

    def describe_execution(self, batch: Import, options: Mapping[str, Any]) -> list[str]:  # noqa: ARG002 - Said for either choice.
        """Count what is created, updated and deleted, and what is left out or stands against it."""
        stale = self.staleness(batch).perhaps(self.session)
        return execution_preview(batch, self._plan_of(batch).target.title, stale=stale)

    def execute(self, batch: Import, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Create, update and delete records by one statement each: all of them, or those of the good rows."""
        plan = self._plan_of(batch)
        refuse_not_allowed(self.context, plan, self._targets)
        if options["apply"] == ALL:
            refuse_problems(batch)
        application = Application(plan, self.row_model, rows.where, self.context)
        self.report("lock the records")
        record_writing.lock_records(application)
        record_writing.lock_references(application)
        self.report("look for other changes")
        refuse_stale(application, self.staleness(batch), overwrite=bool(options["overwrite"]))
        refuse_unsure_deletion(application, Comparison(plan, self.row_model))
        self.report("add what is referred to")
        added = record_writing.add_references(application)
        refuse_lost_references(application)
        self.report("write what goes with it")
        if plan.target.before is not None:
            plan.target.before(application)
        figures = self._apply(application) | added
        words = ", ".join(f"{count:,} {done}" for done, count in figures.items() if count) or "nothing"
        rest = has_status(self.row_model, *PROBLEMATIC) if batch.count_of(*PROBLEMATIC) else None
        return Outcome(f"{plan.target.title}: {words}.", figures, rest)

    def staleness(self, batch: Import) -> Staleness:
        """Return what finds rows whose records changed since the last refresh."""
        plan = self._plan_of(batch)
        return Staleness(plan, Comparison(plan, self.row_model), self.row_model)

    def _apply(self, application: Application) -> dict[str, int]:
        figures = {}
        for done, apply in (
            ("updated", record_writing.update_records),
            ("deleted", record_writing.delete_records),
            ("created", record_writing.create_records),
        ):
            self.report(f"records to be {done}")
            figures[done] = apply(application)
        return figures
