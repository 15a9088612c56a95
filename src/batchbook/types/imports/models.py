"""The header and rows of an import, and the statuses of its rows."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, String, Text, false
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, DynamicRow, Severity, Status, column, editable


class ImportStatus(Status):
    """The effect of an import on a row."""

    CREATE = "create", "Create", Severity.SUCCESS, "+"
    UPDATE = "update", "Update", Severity.INFO, "~"
    UNCHANGED = "unchanged", "Unchanged", Severity.NEUTRAL, "="
    DELETE = "delete", "Delete", Severity.WARNING, "-"
    SKIPPED = "skipped", "Left out", Severity.WARNING, "○"
    CHANGED_SINCE = "changed_since", "Changed since", Severity.WARNING, "∆"
    GONE = "gone", "No longer there", Severity.WARNING, "∅"
    DUPLICATE = "duplicate", "Duplicate in file", Severity.ERROR, "≡"
    SIMILAR = "similar", "Similar key", Severity.ERROR, "≈"
    INVALID = "invalid", "Has problems", Severity.ERROR, "✕"


#: The statuses of rows that change something, and of those with problems to be solved first.
APPLICABLE = (ImportStatus.CREATE, ImportStatus.UPDATE, ImportStatus.DELETE)
PROBLEMATIC = (ImportStatus.DUPLICATE, ImportStatus.SIMILAR, ImportStatus.INVALID)


def has_status(row: Any, *statuses: ImportStatus) -> ColumnElement[bool]:
    """Return the condition for rows of the model ``row`` that have one of ``statuses``."""
    found: ColumnElement[bool] = row.status.in_([status.value for status in statuses])
    return found


class Mode(StrEnum):
    """The mode of an import: the records that it creates, updates and deletes."""

    CREATE_UPDATE = "create_update"
    UPDATE = "update"
    CREATE = "create"
    REPLACE = "replace"

    @property
    def creates(self) -> bool:
        """Whether records are created."""
        return self is not Mode.UPDATE

    @property
    def updates(self) -> bool:
        """Whether existing records are changed."""
        return self is not Mode.CREATE


MODE_CHOICES = (
    (Mode.CREATE_UPDATE.value, "Create and update"),
    (Mode.UPDATE.value, "Update only"),
    (Mode.CREATE.value, "Create only"),
    (Mode.REPLACE.value, "Create, update, and delete missing records"),
)
UNKNOWN = (("problem", "Report as a problem"), ("add", "Create if a name is enough"))
SIMILAR_KEYS = (
    ("ask", "Report as a problem"),
    ("match", "Use the existing record"),
    ("create", "Treat as different records"),
)
EMPTY_CELL_CHOICES = (("keep", "Keep the present value"), ("clear", "Clear the field"))


class Import(Batch):
    """An import of a table into a target. Its rows have a table of their own."""

    __tablename__ = "import"
    __title__ = "Import"

    target: Mapped[str] = editable(
        String(60), fixed=True, label="Import into", description="The kind of records in the file."
    )
    mode: Mapped[str] = editable(
        String(20), default=Mode.CREATE_UPDATE.value, choices=MODE_CHOICES, label="Import mode"
    )
    key_name: Mapped[str | None] = editable(
        String(200),
        fixed=True,
        label="Match records by",
        description="The field that identifies a record. Empty: the default one.",
    )
    empty_cells: Mapped[str] = editable(
        String(10), default="keep", choices=EMPTY_CELL_CHOICES, label="Empty cells"
    )
    unknown: Mapped[str] = editable(
        String(10),
        default="problem",
        choices=UNKNOWN,
        label="Missing references",
        description="References to records that do not exist yet, such as a new department.",
    )
    similar_keys: Mapped[str] = editable(
        String(10),
        default="ask",
        server_default="create",  # What imports of before did.
        choices=SIMILAR_KEYS,
        label="Similar keys",
        description="Keys that differ from another one only in case, blanks, width or Unicode form, such as v1 beside V1.",
    )
    scope_field: Mapped[str | None] = editable(
        String(60),
        fixed=True,
        label="Only among",
        description="If missing records are deleted: the field that limits them, such as vendor.",
    )
    scope_value: Mapped[str | None] = editable(
        String(200),
        fixed=True,
        label="With the value",
        description="The value of that field, such as V0764. Empty: the source, where the field is the vendor.",
    )
    sender: Mapped[str | None] = editable(
        String(60),
        fixed=True,
        label="Source",
        description="The sender of the file, such as the vendor: the reading and mapping of its files are remembered by this name.",
    )


class ImportRow(DynamicRow):
    """A record of the file, or one that is missing from it; its values are in columns of the batch's own.

    ``line`` is the number of its row in the file, ``raw`` has the original texts of cells that were normalised or
    replaced, ``changed_fields`` the labels of fields that change, ``record_id`` is the key of the target's record, and
    ``missing`` marks a record that is missing from the file.
    """

    __abstract__ = True
    __batch__ = Import

    line: Mapped[int | None] = column(label="Line", sort_order=-18)
    record_id: Mapped[int | None] = column(index=True, sort_order=80)
    changed_fields: Mapped[str | None] = column(Text, label="Changes", sort_order=81)
    missing: Mapped[bool] = column(default=False, server_default=false(), sort_order=82)
    raw: Mapped[dict[str, Any] | None] = column(sort_order=83)
