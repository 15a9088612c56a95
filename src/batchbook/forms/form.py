"""Forms: fields that are shown, read and checked together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from batchbook.forms.bound import BoundForm, Text
from batchbook.forms.fields import Field, Widget
from batchbook.grid.cells import CellError, Conventions, parser_for, to_text
from batchbook.grid.columns import Column, Kind, columns_of


def shown_text(field: Field, value: Any, conventions: Conventions) -> Text:
    """Return what the field shows for ``value``; a password and a file are never shown again."""
    if field.widget in ("password", "file"):
        return ""
    if field.widget == "checkboxes":
        return [to_text(field.column, item, conventions) for item in value or ()]
    return _text(field, value, conventions)


def sent_texts(field: Field, params: Mapping[str, Any], conventions: Conventions) -> Text:
    """Return what was sent, as it is to be shown again."""
    if field.widget == "password":
        return ""
    if field.widget == "file":
        return str(getattr(_upload(field, params), "filename", ""))
    texts = _texts(field, params, conventions)
    return texts if field.widget == "checkboxes" else _last(texts)


def read_field(field: Field, params: Mapping[str, Any], conventions: Conventions) -> Any:
    """Return the value sent: a list for checkboxes, the upload (``filename``, ``file``) for a file, else the column's.

    Raises :class:`CellError` for what is no value of the column, or missing and required.
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
    # Spaces at either end belong to a password, so it is not read as a cell.
    longest = field.column.max_length
    if longest is not None and len(text) > longest:
        raise CellError("too-long", f"{field.label} has {len(text)} characters: {longest} are the most.")
    value: str | None = _required(field, text or None, "Fill it in")
    return value


def _required(field: Field, value: Any, what_to_do: str) -> Any:
    if field.column.required and not _is_given(value):
        raise CellError("required", f"{field.label} needs a value. {what_to_do}.")
    return value


def _is_given(value: Any) -> bool:
    return value is not None and value != []


def _upload(field: Field, params: Mapping[str, Any]) -> Any:
    # Truth is not asked of it: some upload objects refuse to be asked.
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
    if hasattr(value, "filename"):  # A file where a text belongs is no text of the field.
        return ""
    return to_text(field.column, value, conventions)


def _last(texts: list[str]) -> str:
    return texts[-1] if texts else ""


#: Checks what single fields cannot: takes all values, returns sentences by field name ("" for the whole form).
Validator = Callable[[dict[str, Any]], Mapping[str, str]]


class Form:
    """Fields in their order, with checks over several of them.

    ``validators`` run when every field is right by itself. Raises ``ValueError`` when two fields have one name.
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

    def bind(self, values: Mapping[str, Any] | None = None) -> BoundForm:
        """Return the form showing ``values``; a field that they do not name is empty."""
        given = values or {}
        texts = {
            field.name: shown_text(field, given.get(field.name), self.conventions) for field in self.fields
        }
        return BoundForm(self.fields, texts, dict(given))

    def validate(self, params: Mapping[str, Any]) -> BoundForm:
        """Return the form as sent: a mapping, or a WebOb ``MultiDict`` where a name may repeat.

        Only the form's own fields are read. Nothing raises: what is wrong is in ``errors``.
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
    """Return a form for columns of ``model``, each by the widget that fits it or the one in ``widgets``.

    A ready :class:`Column` or :class:`Field` among ``names`` stands for itself. Raises as :func:`columns_of` does.
    """
    chosen = widgets or {}
    return Form([_field(model, name, chosen) for name in names], validators)


def _field(model: Any, name: str | Column | Field, widgets: Mapping[str, Widget]) -> Field:
    if isinstance(name, Field):
        return name
    (column,) = columns_of(model, [name])
    return Field.from_column(column, widgets.get(column.name))


__all__ = ["Form", "Text", "Validator", "form_of"]
