"""Forms with their content: texts to show, values to use, and errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from batchbook.forms.fields import Field
from batchbook.grid.columns import Choice, Kind
from batchbook.grid.parsers import choice_text

#: The key of errors that concern the form as a whole.
WHOLE_FORM = ""

Text = str | list[str]

_INPUT_TYPES = {Kind.DATE: "date", Kind.DATETIME: "text"}
#: The type of an input for a date and time in the user's time zone.
_MOMENT = "datetime-local"
# With ``required``, a browser would want every one of them checked.
_BOXES = ("checkbox", "checkboxes")
_INPUT_MODES = {Kind.INTEGER: "numeric", Kind.DECIMAL: "decimal"}


@dataclass
class BoundForm:
    """A form's fields with their content.

    ``texts`` are the texts to show by field name: what the user typed, even where it is wrong; a list for checkboxes.
    ``values`` are the parsed values, complete if ``valid``. ``errors`` are lists of sentences by field name, with
    :data:`WHOLE_FORM` for those that concern no single field.
    """

    fields: tuple[Field, ...]
    texts: dict[str, Text]
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    checked: bool = False

    @property
    def valid(self) -> bool:
        """Whether the form was checked and has no errors."""
        return self.checked and not self.errors

    @property
    def form_errors(self) -> list[str]:
        """The errors that belong to no field of the form."""
        names = {item.name for item in self.fields}
        return [message for name, found in self.errors.items() if name not in names for message in found]

    @property
    def has_file(self) -> bool:
        """Whether the form must be sent as ``multipart/form-data``."""
        return any(item.widget == "file" for item in self.fields)

    def add_error(self, name: str, message: str) -> None:
        """Add a sentence to the errors of the field called ``name``, or of the form (:data:`WHOLE_FORM`)."""
        self.errors.setdefault(name, []).append(message)

    def __getitem__(self, name: str) -> BoundField:
        """Return the field called ``name``; raise ``KeyError`` if there is none."""
        for item in self.fields:
            if item.name == name:
                return BoundField(self, item)
        raise KeyError(f"The form has no field {name!r}.")

    def __iter__(self) -> Iterator[BoundField]:
        """Yield the fields in their order."""
        return (BoundField(self, item) for item in self.fields)


@dataclass(frozen=True)
class BoundField:
    """One field of a bound form, for templates."""

    form: BoundForm
    field: Field

    @property
    def name(self) -> str:
        """The key of the field's value."""
        return self.field.name

    @property
    def id(self) -> str:
        """The ``id`` of the field's element on the page."""
        return f"field-{self.field.name}"

    @property
    def text(self) -> str:
        """The text of an input; empty for checkboxes, see :attr:`chosen`."""
        text = self.form.texts.get(self.name, "")
        return text if isinstance(text, str) else ""

    @property
    def chosen(self) -> list[str]:
        """The texts of all options that are chosen."""
        text = self.form.texts.get(self.name, "")
        return text if isinstance(text, list) else [text] if text else []

    @property
    def is_checked(self) -> bool:
        """Whether a checkbox is checked."""
        return self.text.lower() in ("yes", "y", "true", "on", "1")

    @property
    def options(self) -> Sequence[tuple[str, Choice, bool]]:
        """Each option's text, its choice, and whether it is chosen."""
        texts = ((choice_text(choice.value), choice) for choice in self.field.options)
        return [(text, choice, text in self.chosen) for text, choice in texts]

    @property
    def errors(self) -> list[str]:
        """The errors of the field, in sentences."""
        return self.form.errors.get(self.name, [])

    @property
    def input_type(self) -> str:
        """The ``type`` of an input. Numbers are ``text``, because a browser drops what is no number."""
        if self.field.widget in ("password", "file", "checkbox"):
            return self.field.widget
        # A browser shows an empty date field for a text that is no date, but users must see what they typed.
        wanted = (
            _MOMENT if self.field.widget == "moment" else _INPUT_TYPES.get(self.field.column.kind, "text")
        )
        return "text" if self.errors else wanted

    @property
    def attributes(self) -> dict[str, str | bool]:
        """Further attributes of the field's element, as hints to the browser; the server checks everything itself."""
        column = self.field.column
        found: dict[str, str | bool] = {"required": column.required and self.field.widget not in _BOXES}
        found["maxlength"] = str(column.max_length) if column.max_length and not column.choices else False
        found["inputmode"] = _INPUT_MODES.get(column.kind, False)
        found["aria-invalid"] = "true" if self.errors else False
        return {name: value for name, value in found.items() if value is not False}
