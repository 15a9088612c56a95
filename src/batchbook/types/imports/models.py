"""The header and rows of an import, and the statuses of its rows."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, String, Text, false
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, DynamicRow, Severity, Status, column, editable


class ImportStatus(Status):
    """What an import does with a row."""

    CREATE = "create", "Create", Severity.SUCCESS, "+"
    UPDATE = "update", "Update", Severity.INFO, "~"
    UNCHANGED = "unchanged", "Unchanged", Severity.NEUTRAL, "="
    DELETE = "delete", "Delete", Severity.WARNING, "-"
    SKIPPED = "skipped", "Left out", Severity.WARNING, "○"
    DUPLICATE = "duplicate", "Duplicate in file", Severity.ERROR, "≡"
    INVALID = "invalid", "Has problems", Severity.ERROR, "✕"


#: The rows that change something, and those that somebody has to look at before they can.
APPLICABLE = (ImportStatus.CREATE, ImportStatus.UPDATE, ImportStatus.DELETE)
PROBLEMATIC = (ImportStatus.DUPLICATE, ImportStatus.INVALID)


def has_status(row: Any, *statuses: ImportStatus) -> ColumnElement[bool]:
    """Return the condition for rows of the model ``row`` that have one of ``statuses``."""
    found: ColumnElement[bool] = row.status.in_([status.value for status in statuses])
    return found


class Mode(StrEnum):
    """Which records an import creates, updates and deletes."""

    CREATE_UPDATE = "create_update"
    UPDATE = "update"
    CREATE = "create"
    REPLACE = "replace"

    @property
    def creates(self) -> bool:
        """Whether records are created that are not there."""
        return self is not Mode.UPDATE

    @property
    def updates(self) -> bool:
        """Whether records are changed that are there."""
        return self is not Mode.CREATE


MODE_CHOICES = (
    (Mode.CREATE_UPDATE.value, "Create and update"),
    (Mode.UPDATE.value, "Update only"),
    (Mode.CREATE.value, "Create only"),
    (Mode.REPLACE.value, "Create, update, and delete what is missing"),
)
UNKNOWN = (("problem", "Is a problem of its row"), ("add", "Is added, where its name is enough"))
EMPTY_CELL_CHOICES = (("keep", "Leave what is there"), ("clear", "Empty the field"))


class Import(Batch):
    """An import of a table into a target. Its rows have a table of their own."""

    __tablename__ = "import"
    __title__ = "Import"

    target: Mapped[str] = editable(
        String(60), fixed=True, label="Import into", description="What the table is about."
    )
    mode: Mapped[str] = editable(
        String(20), default=Mode.CREATE_UPDATE.value, choices=MODE_CHOICES, label="What to do with records"
    )
    key_name: Mapped[str | None] = editable(
        String(200),
        fixed=True,
        label="Known by",
        description="The field by which a row finds its record. Empty: the usual one.",
    )
    empty_cells: Mapped[str] = editable(
        String(10), default="keep", choices=EMPTY_CELL_CHOICES, label="An empty cell means"
    )
    unknown: Mapped[str] = editable(
        String(10),
        default="problem",
        choices=UNKNOWN,
        label="What is referred to and not there",
        description="Such as a department that nobody has entered yet.",
    )
    scope_field: Mapped[str | None] = editable(
        String(60),
        fixed=True,
        label="Missing among those of",
        description="With deleting: whose records are missing if the table lacks them, such as vendor.",
    )
    scope_value: Mapped[str | None] = editable(
        String(200), fixed=True, label="which is", description="Such as V0764."
    )
    sender: Mapped[str | None] = editable(
        String(60),
        fixed=True,
        description="Who sends such tables: how theirs was read and mapped is remembered by this name.",
    )


class ImportRow(DynamicRow):
    """One record of the table, or one that the table lacks; what it says is in columns of the batch's own.

    ``line`` is the number of its row in the file, ``raw`` has the texts of cells that were not taken as they stand,
    ``changed_fields`` names the fields that change, ``record_id`` is the record that it is about, and ``missing`` says that
    the table does not have it.
    """

    __abstract__ = True
    __batch__ = Import

    line: Mapped[int | None] = column(label="Line", sort_order=-18)
    record_id: Mapped[int | None] = column(index=True, sort_order=80)
    changed_fields: Mapped[str | None] = column(Text, label="Changes", sort_order=81)
    missing: Mapped[bool] = column(default=False, server_default=false(), sort_order=82)
    raw: Mapped[dict[str, Any] | None] = column(sort_order=83)
