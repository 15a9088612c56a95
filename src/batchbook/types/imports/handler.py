"""What an import does: rows from the table that was mapped, compared with the target, applied to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from batchbook.batches import (
    Action,
    Block,
    Outcome,
    Rows,
    RowValues,
)
from batchbook.errors import BadInput
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.imports import applying
from batchbook.types.imports.applying import Application
from batchbook.types.imports.comparing import Comparison
from batchbook.types.imports.describing import description
from batchbook.types.imports.missing import in_scope, missing_records
from batchbook.types.imports.models import (
    APPLICABLE,
    PROBLEMATIC,
    Import,
    ImportStatus,
    Mode,
    has_status,
)
from batchbook.types.imports.problems import Problems
from batchbook.types.imports.refusing import (
    LOOKED_FOR_MISSING,
    refuse_late_replacing,
    refuse_lost_references,
    refuse_mode,
    refuse_not_allowed,
    refuse_problems,
    refuse_stale,
    refuse_unsure_deletion,
)
from batchbook.types.imports.stale import Staleness
from batchbook.types.imports.tablehooks import TableHooks
from batchbook.types.imports.twins import RepeatedKeys

#: What to do where rows have problems: nothing at all, or the good rows now.
ALL, GOOD = "all", "good"
_APPLY = ((ALL, "All rows or none"), (GOOD, "Good rows now, the others go into a batch of their own"))


class ImportHandler(TableHooks):
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
    _repeated: RepeatedKeys | None = None

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
        self._repeated = RepeatedKeys(self.session) if of_all_rows else None

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
        return description(batch, self._plan_of(batch).target.title, stale=stale)

    def execute(self, batch: Import, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Create, update and delete records by one statement each: all of them, or those of the good rows."""
        plan = self._plan_of(batch)
        refuse_not_allowed(self.context, plan, self._targets)
        if options["apply"] == ALL:
            refuse_problems(batch)
        application = Application(plan, self.row_model, rows.where, self.context)
        self.report("lock the records")
        applying.lock_records(application)
        applying.lock_references(application)
        self.report("look for other changes")
        refuse_stale(application, self.staleness(batch), overwrite=bool(options["overwrite"]))
        refuse_unsure_deletion(application, Comparison(plan, self.row_model))
        self.report("add what is referred to")
        added = applying.add_references(application)
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
            ("updated", applying.update_records),
            ("deleted", applying.delete_records),
            ("created", applying.create_records),
        ):
            self.report(f"records to be {done}")
            figures[done] = apply(application)
        return figures
