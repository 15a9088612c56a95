"""Forms: fields that are shown, read and checked together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from batchbook.forms.bound import BoundForm, Text
from batchbook.forms.fields import Field, Widget
from batchbook.forms.reading import read_field, sent_texts, shown_text
from batchbook.grid.cells import CellError, Conventions
from batchbook.grid.columns import Column, columns_of

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
