"""Fields of forms, with their widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Text, null

from batchbook.grid.columns import Choice, Column, Kind, label_of

Widget = Literal[
    "input", "textarea", "select", "checkbox", "checkboxes", "file", "password", "radio", "moment"
]

_WIDGETS: dict[Kind, Widget] = {Kind.BOOLEAN: "checkbox", Kind.CHOICE: "select"}
_YES_NO = (Choice("yes", "Yes"), Choice("no", "No"))


@dataclass(frozen=True, eq=False)
class Field:
    """One field of a form: the grid column ``column`` defines its values, ``widget`` its element on the page."""

    column: Column
    widget: Widget = "input"
    help: str = ""

    @classmethod
    def of(
        cls,
        name: str,
        kind: Kind,
        *,
        label: str | None = None,
        widget: Widget | None = None,
        help: str = "",  # noqa: A002 - The name that fields and templates use.
        **rules: Any,
    ) -> Field:
        """Return a field without a database column; ``rules`` are those of a grid column, such as ``required``."""
        column = Column(
            name, label or label_of(name), null(), kind, sortable=False, filterable=False, **rules
        )
        return cls(column, widget or _WIDGETS.get(kind, "input"), help)

    @classmethod
    def from_column(cls, column: Column, widget: Widget | None = None) -> Field:
        """Return the field that edits ``column``, with ``widget`` or the one that fits the column."""
        return cls(column, widget or _widget_for(column), column.description)

    @property
    def name(self) -> str:
        """The key of the field's value in the form."""
        return self.column.name

    @property
    def label(self) -> str:
        """The label on the page."""
        return self.column.label

    @property
    def mark(self) -> str:
        """The name of the hidden input that marks the field as sent, since browsers send nothing for unchecked boxes."""
        return f"{self.name}.asked"

    def was_sent(self, params: Mapping[str, Any]) -> bool:
        """Return whether ``params``, as sent by a browser, come from a page with this field."""
        return self.name in params or self.mark in params

    @property
    def options(self) -> tuple[Choice, ...]:
        """The options of a select, radio or checkboxes widget."""
        return _YES_NO if self.column.kind is Kind.BOOLEAN else self.column.choices


def _widget_for(column: Column) -> Widget:
    if column.kind is Kind.BOOLEAN and not column.required:
        return "select"  # A checkbox has two states; a column that may be empty has three.
    if column.kind is Kind.TEXT and isinstance(getattr(column.expression, "type", None), Text):
        return "textarea"
    return _WIDGETS.get(column.kind, "input")
