"""What an import takes from its table: the fields of its target, and what is known of the texts in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import func, select

from batchbook.batches import BatchHandler, HandlerContext, IntakeField, IntakeMapping, RowColumn
from batchbook.grid import Kind
from batchbook.types.imports.models import Import, ImportRow
from batchbook.types.imports.plan import ImportPlan, carried
from batchbook.types.imports.references import References
from batchbook.types.imports.targets import ImportTargets


class TableHooks(BatchHandler[Import, ImportRow]):
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
