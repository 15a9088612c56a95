"""A form with its content: texts to show, values to use, and errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from batchbook.forms.fields import Field
from batchbook.grid.columns import Choice, Kind
from batchbook.grid.parsers import choice_text

#: The name of errors that concern the form as a whole.
WHOLE_FORM = ""

Text = str | list[str]

_INPUT_TYPES = {Kind.DATE: "date", Kind.DATETIME: "text"}
#: The type of an input for a day and time on the clocks of whoever fills it in.
_MOMENT = "datetime-local"
# A browser would want every one of them checked.
_BOXES = ("checkbox", "checkboxes")
_INPUT_MODES = {Kind.INTEGER: "numeric", Kind.DECIMAL: "decimal"}


@dataclass
class BoundForm:
    """A form's fields with their content.

    ``texts`` holds what is shown: what the person typed, never lost by an error, a list for checkboxes. ``values``
    holds what was understood, complete when ``valid``. ``errors`` are sentences by field name;
    :data:`WHOLE_FORM` is the key of those that concern no single field.
    """

    fields: tuple[Field, ...]
    texts: dict[str, Text]
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    checked: bool = False

    @property
    def valid(self) -> bool:
        """Whether the form was checked and nothing is wrong."""
        return self.checked and not self.errors

    @property
    def form_errors(self) -> list[str]:
        """The errors that concern no field that the form shows."""
        names = {item.name for item in self.fields}
        return [message for name, found in self.errors.items() if name not in names for message in found]

    @property
    def has_file(self) -> bool:
        """Whether the page's form must be sent as ``multipart/form-data``."""
        return any(item.widget == "file" for item in self.fields)

    def add_error(self, name: str, message: str) -> None:
        """Add a sentence to the errors of the field called ``name``, or of the form (:data:`WHOLE_FORM`)."""
        self.errors.setdefault(name, []).append(message)

    def __getitem__(self, name: str) -> BoundField:
        """Return the field called ``name``; raises ``KeyError`` when there is none."""
        for item in self.fields:
            if item.name == name:
                return BoundField(self, item)
        raise KeyError(f"The form has no field {name!r}.")

    def __iter__(self) -> Iterator[BoundField]:
        """Yield the fields in their order."""
        return (BoundField(self, item) for item in self.fields)


@dataclass(frozen=True)
class BoundField:
    """One field as a template shows it."""

    form: BoundForm
    field: Field

    @property
    def name(self) -> str:
        """The key of its value."""
        return self.field.name

    @property
    def id(self) -> str:
        """The ``id`` of its element on the page."""
        return f"field-{self.field.name}"

    @property
    def text(self) -> str:
        """What an input shows; empty for checkboxes, see :attr:`chosen`."""
        text = self.form.texts.get(self.name, "")
        return text if isinstance(text, str) else ""

    @property
    def chosen(self) -> list[str]:
        """The texts of all options that are chosen."""
        text = self.form.texts.get(self.name, "")
        return text if isinstance(text, list) else [text] if text else []

    @property
    def is_checked(self) -> bool:
        """Whether a checkbox stands checked."""
        return self.text.lower() in ("yes", "y", "true", "on", "1")

    @property
    def options(self) -> Sequence[tuple[str, Choice, bool]]:
        """Each option's text, its choice, and whether it is chosen."""
        texts = ((choice_text(choice.value), choice) for choice in self.field.options)
        return [(text, choice, text in self.chosen) for text, choice in texts]

    @property
    def errors(self) -> list[str]:
        """What is wrong with it, in sentences."""
        return self.form.errors.get(self.name, [])

    @property
    def input_type(self) -> str:
        """The ``type`` of an input; numbers are ``text``, because a browser drops what is no number."""
        if self.field.widget in ("password", "file", "checkbox"):
            return self.field.widget
        # A browser shows an empty date field for a text that is no date; what was typed must stay to be seen.
        wanted = (
            _MOMENT if self.field.widget == "moment" else _INPUT_TYPES.get(self.field.column.kind, "text")
        )
        return "text" if self.errors else wanted

    @property
    def attributes(self) -> dict[str, str | bool]:
        """Further attributes of its element: what a browser may help with; the server checks all of it again."""
        column = self.field.column
        found: dict[str, str | bool] = {"required": column.required and self.field.widget not in _BOXES}
        found["maxlength"] = str(column.max_length) if column.max_length and not column.choices else False
        found["inputmode"] = _INPUT_MODES.get(column.kind, False)
        found["aria-invalid"] = "true" if self.errors else False
        return {name: value for name, value in found.items() if value is not False}
