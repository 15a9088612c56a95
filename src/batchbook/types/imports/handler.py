"""The handler of imports: rows from a mapped table, compared with the target, applied to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import func, select

from batchbook.batches import (
    Action,
    BatchHandler,
    Block,
    Callbacks,
    Duplicates,
    ExecutionPolicy,
    FileSource,
    HandlerContext,
    IntakeField,
    IntakeMapping,
    NumberChange,
    Outcome,
    PerBatchRows,
    RowColumn,
    Rows,
    RowValues,
    Status,
    TargetRecords,
    TouchedRecords,
)
from batchbook.errors import BadInput
from batchbook.forms import Field, Form
from batchbook.grid import Kind, Reference, choices_of
from batchbook.types.imports.comparison import Comparison, DuplicateKeys, in_scope, missing_records
from batchbook.types.imports.effects import number_changes, target_records
from batchbook.types.imports.fuzzy_match import References
from batchbook.types.imports.import_columns import (
    carried,
    intake_fields,
    key_columns,
    record_key,
    references,
    row_columns,
)
from batchbook.types.imports.import_plan import ImportPlan, settle_sender
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
    ALL,
    APPLY,
    GOOD,
    LOOKED_FOR_MISSING,
    Staleness,
    execution_preview,
    refuse_late_replacing,
    refuse_lost_references,
    refuse_mode,
    refuse_not_allowed,
    refuse_problems,
    refuse_repeated_records,
    refuse_stale,
    refuse_unsure_deletion,
)
from batchbook.types.imports.record_writing import RecordWriter
from batchbook.types.imports.reversing import REVERSING
from batchbook.types.imports.row_problems import Problems
from batchbook.types.imports.similar_keys import SimilarForms, SimilarKeys
from batchbook.types.imports.targets import ImportTargets, new


def _fields(handler: ImportHandler, batch: Import) -> Sequence[IntakeField]:
    """Return the fields of the target, the key first."""
    return intake_fields(handler.plan_of(batch))


def _known_lengths(handler: ImportHandler, batch: Import, field: IntakeField) -> Mapping[int, int]:
    """Return how many of the target's keys have which length, where these are texts."""
    found = handler.plan_of(batch).target.field(field.name)
    if not field.key or found.column.kind is not Kind.TEXT:
        return {}
    length = func.length(found.lookup.by if found.lookup else found.stored)
    counts = handler.session.execute(select(length, func.count()).group_by(length))
    return {row[0]: row[1] for row in counts}


def _learned_fields(handler: ImportHandler, batch: Import) -> Collection[str]:
    """Return the fields that refer to other records: a text there means the same next time."""
    return [field.name for field in handler.plan_of(batch).fields if field.lookup]


def _known_texts(handler: ImportHandler, batch: Import, field: str, texts: Sequence[str]) -> Collection[str]:
    """Return the texts that name one of the records that ``field`` refers to, without ambiguity."""
    found = handler.references_of(handler.plan_of(batch))[field].look_up(texts)
    return [text for text in texts if len(found[text]) == 1]


def _number_of_cheapest(handler: ImportHandler, batch: Import) -> str | None:
    """Return the column of the field by which the target's records are cheap; ``None`` if the file does not fill it."""
    plan = handler.plan_of(batch)
    name = plan.target.cheapest_by
    return new(name) if name and plan.target.field(name) in plan.fields else None


def _carried_columns(_handler: ImportHandler, mapping: IntakeMapping) -> Sequence[str]:
    """Return the names of the columns that only carry texts of the table."""
    return [carried(place) for place in range(len(mapping.carried))]


def _row_columns(handler: ImportHandler, batch: Import) -> Sequence[RowColumn]:
    """Return the key, each field before and after, and the columns that are carried along."""
    return tuple(row_columns(handler.plan_of(batch)))


def _references(handler: ImportHandler, batch: Import) -> Mapping[str, Reference]:
    """Return the records that the cells of the batch's fields name."""
    return references(handler.plan_of(batch))


def _supplement(handler: ImportHandler, batch: Import) -> Iterable[RowValues | Block]:
    """Yield a row for each record of the target that is missing from the file, if these are to be deleted."""
    plan = handler.plan_of(batch)
    batch.params = batch.params | {LOOKED_FOR_MISSING: plan.mode is Mode.REPLACE}
    if plan.mode is Mode.REPLACE:
        handler.report("search missing records")
        yield from missing_records(handler.session, plan, handler.row_model)


def _setup(handler: ImportHandler, action: Action, batch: Import) -> None:
    """Refuse a mode that the target does not allow: it may have changed since the batch was made."""
    refuse_mode(handler.plan_of(batch))
    if action is Action.REFRESH:
        refuse_late_replacing(batch)
    of_all_rows = action in (Action.POPULATE, Action.REFRESH)
    handler._repeated = DuplicateKeys(handler.session) if of_all_rows else None
    handler._keys_settled = False
    handler._similar = SimilarForms(handler.session) if of_all_rows else None


def _after_edit(handler: ImportHandler, batch: Import, rows: Rows) -> None:
    """Refresh the few rows of an edit, for which looking up all keys of the batch would cost too much."""
    handler._repeated = handler._similar = None
    handler.refresh(batch, rows)


class ImportHandler(BatchHandler[Import, ImportRow]):
    """Handles imports. Rows are compared and applied by set-based SQL; only rows with problems are read."""

    statuses: ClassVar[type[Status]] = ImportStatus
    chunk_size: ClassVar[int] = 5_000
    refresh_chunk_size: ClassVar[int | None] = 50_000
    refresh_after: ClassVar[tuple[str, ...]] = ("mode", "empty_cells", "unknown", "similar_keys")
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "apply",
                    Kind.CHOICE,
                    label="If rows have problems",
                    choices=choices_of(APPLY),
                    required=True,
                ),
                Field.of(
                    "overwrite",
                    Kind.BOOLEAN,
                    label="Overwrite records that changed since the refresh",
                    help="If off, execution stops when a record has changed since the refresh.",
                ),
            ]
        ),
        defaults={"apply": ALL},
    )

    file_source: FileSource | None = FileSource(
        fields=_fields,
        sender="sender",
        scope="target",
        line_column="line",
        raw_column="raw",
        carried_columns=_carried_columns,
        known_lengths=_known_lengths,
        learned_fields=_learned_fields,
        known_texts=_known_texts,
    )
    duplicates = Duplicates(
        status=ImportStatus.DUPLICATE,
        also=(ImportStatus.INVALID,),
        key=key_columns,
        number=_number_of_cheapest,
    )
    touched_records = TouchedRecords(key=record_key, columns=key_columns)
    per_batch_rows = PerBatchRows(columns=_row_columns, supplement=_supplement, references=_references)
    reversing = REVERSING
    callbacks = Callbacks(setup=_setup, after_edit=_after_edit)

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
        #: The keys that come more than once, while an action works on all rows.
        self._repeated: DuplicateKeys | None = None
        #: The forms of similar keys, likewise.
        self._similar: SimilarForms | None = None
        #: Whether the keys of all rows were replaced, likewise.
        self._keys_settled = False
        # Rows with the same key are duplicates of each other, and those with similar ones are told apart.
        self.peer_columns = tuple(
            column.key for column in row_model.__mapper__.columns if column.info.get("peer")
        )

    def plan_of(self, batch: Import) -> ImportPlan:
        """Return the plan of ``batch``: its target, and the part of it that the batch is about."""
        return ImportPlan(self._targets, batch)

    def references_of(self, plan: ImportPlan) -> Mapping[str, References]:
        """Return the references of the fields that refer to other records, by name; what they look up is cached."""
        for field in plan.target.all_fields:
            if field.lookup and field.name not in self._references:
                self._references[field.name] = References(self.session, field.lookup)
        return self._references

    def before_create(self, batch: Import, *, has_file: bool) -> None:
        """Check that the target exists, and that the actor may import into it.

        Where records can only be updated, the default mode of a new header becomes that one.
        """
        if not has_file:
            raise BadInput("Choose a file, or paste rows into the box.")
        if not self._targets[batch.target].creates and batch.mode == Mode.CREATE_UPDATE:
            batch.mode = Mode.UPDATE.value
        plan = self.plan_of(batch)
        refuse_not_allowed(self.context, plan, self._targets)
        refuse_mode(plan)
        settle_sender(plan, self.references_of(plan))
        if plan.mode is Mode.REPLACE:
            in_scope(self.session, plan)

    def refresh(self, batch: Import, rows: Rows) -> None:
        """Compare ``rows`` with the target in one statement, then add the issues of those with a problem."""
        plan = self.plan_of(batch)
        similar = SimilarKeys(plan, self.row_model, self._similar)
        settles_all = self._repeated is not None and similar.replaces_keys
        if settles_all and not self._keys_settled:
            self._settle_keys(plan, rows, similar)
        repeated = self._repeated.first_parts(plan, self.row_model) if self._repeated else None
        comparison = Comparison(plan, self.row_model, repeated)
        problems = Problems(plan, comparison, self.row_model, self.references_of(plan), similar)
        if not settles_all:
            problems.resolve(rows)
            similar.match(rows)
        similar.note_changed(rows)
        comparison.update(rows)
        similar.mark(rows)
        problems.note(rows)

    def _settle_keys(self, plan: ImportPlan, rows: Rows, similar: SimilarKeys) -> None:
        """Resolve the references, and replace similar keys, of all rows of the batch, of which ``rows`` are the first.

        A row may get the key of another one, so no two rows can be told to be duplicates before.
        """
        self._keys_settled = True
        comparison = Comparison(plan, self.row_model, None)
        problems = Problems(plan, comparison, self.row_model, self.references_of(plan), similar)
        everything = Rows.of_batch(rows.session, plan.batch, self.row_model, rows.now)
        for chunk in everything.chunks(self.refresh_chunk_size or self.chunk_size):
            problems.resolve(chunk)
            similar.match(chunk)
            chunk.save()

    def why_not_execute(self, batch: Import) -> str | None:
        """Return the reason where no row changes anything."""
        if batch.count_of(*APPLICABLE):
            return None
        return "None of its rows creates, updates or deletes anything, so there is nothing to execute."

    def describe_execution(self, batch: Import, options: Mapping[str, Any]) -> list[str]:
        """Return the counts of created, updated and deleted records, of rows left out, and of problems."""
        stale = self.staleness(batch).is_likely(self.session)
        title, only_valid = self.plan_of(batch).target.title, options["apply"] == GOOD
        return execution_preview(batch, title, stale=stale, only_valid=only_valid)

    def number_changes(self, batch: Import, options: Mapping[str, Any]) -> list[NumberChange]:
        """Return the changes of all numbers that the import writes into existing records.

        Where records may be overwritten, they change from the values of now.
        """
        return number_changes(self.plan_of(batch), self.row_model, overwrite=bool(options["overwrite"]))

    def target_records(self, batch: Import, options: Mapping[str, Any]) -> list[TargetRecords]:  # noqa: ARG002 - It is a hook.
        """Return the records of the target, and those that references may add."""
        return target_records(self.plan_of(batch), self.row_model)

    def execute(self, batch: Import, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Create, update and delete records by one statement each: of all rows, or of the valid ones."""
        plan = self.plan_of(batch)
        refuse_not_allowed(self.context, plan, self._targets)
        if options["apply"] == ALL:
            refuse_problems(batch)
        application = plan.application(self.row_model, rows.where, self.context)
        writer = RecordWriter(plan, application)
        self.report("lock the records")
        writer.lock_records()
        writer.lock_references()
        self.report("check for other changes")
        refuse_stale(application, self.staleness(batch), overwrite=bool(options["overwrite"]))
        refuse_unsure_deletion(plan, application, Comparison(plan, self.row_model))
        self.report("add missing references")
        added = writer.add_references()
        refuse_lost_references(writer)
        refuse_repeated_records(application)
        self.report("write accompanying records")
        if plan.target.before is not None:
            plan.target.before(application)
        figures = self._apply(writer) | added
        words = ", ".join(f"{count:,} {done}" for done, count in figures.items() if count) or "nothing"
        rest = has_status(self.row_model, *PROBLEMATIC) if batch.count_of(*PROBLEMATIC) else None
        return Outcome(f"{plan.target.title}: {words}.", figures, rest)

    def staleness(self, batch: Import) -> Staleness:
        """Return the finder of rows whose records have changed since the last refresh."""
        plan = self.plan_of(batch)
        return Staleness(plan, Comparison(plan, self.row_model), self.row_model)

    def _apply(self, writer: RecordWriter) -> dict[str, int]:
        figures = {}
        for done, apply in (
            ("updated", writer.update_records),
            ("deleted", writer.delete_records),
            ("created", writer.create_records),
        ):
            self.report(f"records to be {done}")
            figures[done] = apply()
        return figures
