"""Forms: fields that are shown, parsed and validated together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from batchbook.forms.bound import BoundForm, Text
from batchbook.forms.fields import Field, Widget
from batchbook.grid.cells import CellError, Conventions, parser_for, to_text
from batchbook.grid.columns import Column, Kind, columns_of


def text_of_value(field: Field, value: Any, conventions: Conventions) -> Text:
    """Return the text that the field shows for ``value``; empty for a password or a file, which are never shown again."""
    if field.widget in ("password", "file"):
        return ""
    if field.widget == "checkboxes":
        return [to_text(field.column, item, conventions) for item in value or ()]
    return _text(field, value, conventions)


def sent_texts(field: Field, params: Mapping[str, Any], conventions: Conventions) -> Text:
    """Return the text that was sent, for showing it again."""
    if field.widget == "password":
        return ""
    if field.widget == "file":
        return str(getattr(_upload(field, params), "filename", ""))
    texts = _texts(field, params, conventions)
    return texts if field.widget == "checkboxes" else _last(texts)


def read_field(field: Field, params: Mapping[str, Any], conventions: Conventions) -> Any:
    """Return the value that was sent: a list for checkboxes, the upload (``filename``, ``file``) for a file field.

    Raises :class:`CellError` for a text that is no value of the column, or for a required value that is missing.
    """
    if field.widget == "file":
        return _required(field, _upload(field, params), "Choose a file")
    texts = _texts(field, params, conventions)
    if field.widget == "checkboxes":
        parse = parser_for(field.column, conventions)
        values = [parse(text) for text in dict.fromkeys(texts) if text.strip()]
        return _required(field, values, "Choose at least one") or []
    if field.widget == "password":
        return _password(field, _last(texts))
    if field.widget == "checkbox" and not _last(texts).strip():
        return False  # A browser sends nothing for a box that is not checked.
    return parser_for(field.column, conventions)(_last(texts))


def _password(field: Field, text: str) -> str | None:
    # Spaces at either end are part of a password, so it is not parsed like a cell.
    longest = field.column.max_length
    if longest is not None and len(text) > longest:
        raise CellError("too-long", f"{field.label} has {len(text)} characters: {longest} are the most.")
    value: str | None = _required(field, text or None, "Fill it in")
    return value


def _required(field: Field, value: Any, what_to_do: str) -> Any:
    if field.column.required and (value is None or value == []):
        raise CellError("required", f"{field.label} needs a value. {what_to_do}.")
    return value


def _upload(field: Field, params: Mapping[str, Any]) -> Any:
    # Not tested for truth, because some upload objects raise an error then.
    upload = params.get(field.name)
    return upload if getattr(upload, "filename", None) else None


def _texts(field: Field, params: Mapping[str, Any], conventions: Conventions) -> list[str]:
    if hasattr(params, "getall"):
        found = params.getall(field.name)
    else:
        found = params.get(field.name)
        found = list(found) if isinstance(found, list | tuple | set | frozenset) else [found]
    return [_text(field, value, conventions) for value in found if value is not None]


def _text(field: Field, value: Any, conventions: Conventions) -> str:
    if isinstance(value, str) and field.column.kind is not Kind.CHOICE:
        return value
    if hasattr(value, "filename"):  # A file sent in place of a text counts as an empty text.
        return ""
    return to_text(field.column, value, conventions)


def _last(texts: list[str]) -> str:
    return texts[-1] if texts else ""


#: A check across fields: takes all values, returns sentences by field name (:data:`WHOLE_FORM` for the whole form).
Validator = Callable[[dict[str, Any]], Mapping[str, str]]


class Form:
    """Fields in their order, with checks across fields.

    ``validators`` run if every field is valid by itself. Raises ``ValueError`` if two fields have the same name.
    """

    def __init__(
        self,
        fields: Iterable[Field],
        validators: Sequence[Validator] = (),
        *,
        conventions: Conventions = Conventions(),  # noqa: B008 - A tuple cannot change between calls.
    ) -> None:
        self.fields = tuple(fields)
        self.validators = tuple(validators)
        self.conventions = conventions
        if len({field.name for field in self.fields}) != len(self.fields):
            raise ValueError("Two fields of the form have the same name.")

    def written_by(self, conventions: Conventions) -> Form:
        """Return the same form for somebody who writes numbers by ``conventions``."""
        return Form(self.fields, self.validators, conventions=conventions)

    def bind(self, values: Mapping[str, Any] | None = None) -> BoundForm:
        """Return the form filled with ``values``; the other fields are empty."""
        initial = values or {}
        texts = {
            field.name: text_of_value(field, initial.get(field.name), self.conventions)
            for field in self.fields
        }
        return BoundForm(self.fields, texts, dict(initial))

    def validate(self, params: Mapping[str, Any]) -> BoundForm:
        """Return the form as sent in ``params``, a mapping or a WebOb ``MultiDict`` where names may repeat.

        Only the form's own fields are read. Invalid values do not raise; see ``errors``.
        """
        bound = BoundForm(self.fields, {}, checked=True)
        for field in self.fields:
            self._read(bound, field, params)
        if not bound.errors:
            for validator in self.validators:
                for name, message in validator(bound.values).items():
                    bound.add_error(name, message)
        return bound

    def _read(self, bound: BoundForm, field: Field, params: Mapping[str, Any]) -> None:
        bound.texts[field.name] = sent_texts(field, params, self.conventions)
        try:
            bound.values[field.name] = read_field(field, params, self.conventions)
        except CellError as error:
            bound.add_error(field.name, error.message)


def form_of(
    model: Any,
    names: Iterable[str | Column | Field],
    *,
    widgets: Mapping[str, Widget] | None = None,
    validators: Sequence[Validator] = (),
) -> Form:
    """Return a form for columns of ``model``, each with the widget that fits it or the one in ``widgets``.

    A :class:`Column` or :class:`Field` among ``names`` is used as it is. Raises the errors of :func:`columns_of`.
    """
    chosen = widgets or {}
    return Form([_field(model, name, chosen) for name in names], validators)


def _field(model: Any, name: str | Column | Field, widgets: Mapping[str, Widget]) -> Field:
    if isinstance(name, Field):
        return name
    (column,) = columns_of(model, [name])
    return Field.from_column(column, widgets.get(column.name))


__all__ = ["Form", "Text", "Validator", "form_of"]
