"""The pages of imports, with that of rows whose records changed since the last refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import select

from batchbook.batches import BATCH_PAGES, Action, Batch, BatchMasterView, BatchPage, BatchRow, RowTable
from batchbook.forms import Field, Form
from batchbook.grid import Choice, Column, Kind, render
from batchbook.types.imports.import_columns import key_columns
from batchbook.types.imports.preconditions import StaleCell
from batchbook.types.imports.targets import ImportTargets, new, old

#: The most senders that the form suggests.
_SENDERS = 500
#: The number of rows on the page of changed records.
_MOST_ROWS = 200


class ChangedRecords(BatchPage):
    """The rows whose records have changed since the last refresh: earlier, planned and present values."""

    name = "changed"
    pattern = "/changed"
    permission = Action.VIEW.value
    template = "batchbook.templates:types/imports/changed.jinja2"
    button = "Changes since refresh"

    @classmethod
    def offered(cls, view: Any, record: Any) -> bool:  # noqa: ARG003 - The batch decides, whatever its type.
        """Offer the page while the batch can still be changed."""
        return not record.is_final and bool(record.row_count)

    def get(self) -> dict[str, Any]:
        """Check every row, as an execution does."""
        if not self.batch.row_count:  # There may be no table to compare yet.
            return self.template_values(cells=[], count=0, most=_MOST_ROWS)
        context = self.action_context
        handler: Any = context.handler
        staleness = handler.staleness(self.batch)
        where = context.rows().where
        cells = [
            (
                self.view.url("row", self.batch, sequence=cell.sequence),
                cell,
                [_value_text(cell, value) for value in (cell.before, cell.planned, cell.now)],
            )
            for cell in staleness.cells(self.request.db, where, _MOST_ROWS)
            if self._sees(cell)
        ]
        return self.template_values(
            cells=cells, count=staleness.count(self.request.db, where), most=_MOST_ROWS
        )

    def _sees(self, cell: StaleCell) -> bool:
        """Return whether the person may see both columns of the field of ``cell``, and the key by which it is named."""
        context = self.action_context
        batch: Any = context.batch
        names = [] if cell.field is None else [old(cell.field.name), new(cell.field.name)]
        return context.access.sees_all([*key_columns(context.handler, batch), *names])


def _value_text(cell: StaleCell, value: Any) -> str:
    if value is None:
        return ""
    return render(cell.field.column, value) if cell.field else str(value)


class ImportRowTable(RowTable):
    """Rows of an import, with columns that depend on the target and the file."""

    def columns_of(self, row: type[BatchRow]) -> Sequence[str | Column]:
        """Return the key, the effect on the record, each field before and after, and the carried columns."""
        columns = [column for column in row.__mapper__.columns if column.info.get("shown")]
        key = [column.key for column in columns if column.info.get("peer")]
        others = [column.key for column in columns if not column.info.get("peer")]
        return (*key, "status", "changed_fields", *others)

    def settings_key(self, batch: Batch) -> str:
        """Remember sort and page size for each target by itself."""
        return f"rows.import.{batch.target}"  # type: ignore[attr-defined]


class ImportView(BatchMasterView):
    """Imports."""

    description = "Import any table into products, vendors, departments or stock."
    pages = tuple(
        page
        for known in BATCH_PAGES
        for page in ((known, ChangedRecords) if known.name == Action.REFRESH else (known,))
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "File": ("file", "pasted", "sender"),
        "Destination": ("target", "key_name", "mode", "empty_cells", "unknown", "similar_keys"),
        "Records missing from the file": ("scope_field", "scope_value"),
        "Options": ("description", "notes"),
    }
    row_table = ImportRowTable(filter_columns=("line", "missing"))

    def form(self, record: Any | None) -> Form:
        """Return the header's form, with the targets to choose from."""
        choices = self._choices()
        return Form(
            _chosen(field, choices[field.name]) if field.name in choices else field
            for field in super().form(record).fields
            if choices.get(field.name, True)
        )

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the keys of the records that send files, such as vendors."""
        targets: ImportTargets = self.batch_type.services["targets"]
        lookups = {target.field(target.sender).lookup for target in targets if target.sender}
        keys = [lookup.by for lookup in lookups if lookup]
        texts = [
            text
            for key in keys
            for text in self.request.db.scalars(select(key).order_by(key).limit(_SENDERS))
        ]
        return {"sender": texts, "scope_value": texts}

    def _choices(self) -> dict[str, dict[str, str]]:
        """Return the choices that depend on targets: name of the header's field → value → label."""
        targets: ImportTargets = self.batch_type.services["targets"]
        keyed = [target for target in targets if len(target.keys) > 1]
        # A person who may import nothing still sees all targets.
        offered = [target for target in targets if self.request.identity.may(target.permission)] or targets
        return {
            "target": {target.name: target.title for target in offered},
            "key_name": {name: label for target in keyed for name, label in target.key_labels.items()},
            "scope_field": {name: target.field(name).label for target in targets for name in target.scopes},
        }


def _chosen(field: Field, choices: Mapping[str, str]) -> Field:
    offered = tuple(Choice(value, label) for value, label in choices.items())
    return Field(replace(field.column, kind=Kind.CHOICE, choices=offered), "select", field.help)
