"""Reading what a browser sent for one field, by its widget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchbook.forms.fields import Field
from batchbook.grid.cells import CellError, Conventions, parser_for, to_text
from batchbook.grid.kinds import Kind

Text = str | list[str]


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
