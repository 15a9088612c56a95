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
    """One question of a form: a grid column says what its values are, ``widget`` how it is asked."""

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
        help: str = "",  # noqa: A002 - The word the field and its template use.
        **rules: Any,
    ) -> Field:
        """Return a field that no database column backs; ``rules`` are those of a column, such as ``required``."""
        column = Column(
            name, label or label_of(name), null(), kind, sortable=False, filterable=False, **rules
        )
        return cls(column, widget or _WIDGETS.get(kind, "input"), help)

    @classmethod
    def from_column(cls, column: Column, widget: Widget | None = None) -> Field:
        """Return the field that edits ``column``, by the widget given or the one that fits it."""
        return cls(column, widget or _widget_for(column), column.description)

    @property
    def name(self) -> str:
        """The key of its value in the form."""
        return self.column.name

    @property
    def label(self) -> str:
        """What a page calls it."""
        return self.column.label

    @property
    def mark(self) -> str:
        """The name under which a page with the field says so; a browser sends nothing for boxes left unchecked."""
        return f"{self.name}.asked"

    def was_sent(self, params: Mapping[str, Any]) -> bool:
        """Return whether ``params``, what a browser sent, come from a page with this field."""
        return self.name in params or self.mark in params

    @property
    def options(self) -> tuple[Choice, ...]:
        """What a select, radio or checkboxes widget offers."""
        return _YES_NO if self.column.kind is Kind.BOOLEAN else self.column.choices


def _widget_for(column: Column) -> Widget:
    if column.kind is Kind.BOOLEAN and not column.required:
        return "select"  # A checkbox knows two answers; a column that may be empty has three.
    if column.kind is Kind.TEXT and isinstance(getattr(column.expression, "type", None), Text):
        return "textarea"
    return _WIDGETS.get(column.kind, "input")
