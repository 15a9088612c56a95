"""Execution options: from defaults and choices to checked values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from batchbook.batches.handler import BatchHandler
from batchbook.errors import BadInput
from batchbook.forms import BoundForm, Form


def default_values(handler: BatchHandler[Any, Any]) -> dict[str, Any]:
    """Return the values of the handler's execution options where nobody chose; an option without a default lacks."""
    return dict(_read(handler, {}).values)


def bind_options(handler: BatchHandler[Any, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the handler's execution options: the texts in ``chosen``, the defaults for the rest.

    Raises :class:`batchbook.errors.BadInput` for an option the type does not have and for a value that does not fit.
    """
    bound = _read(handler, chosen)
    known = {field.name for field in bound.fields}
    unknown = sorted(chosen.keys() - known)
    if unknown:
        offered = ", ".join(sorted(known)) or "none"
        raise BadInput(f"There is no execution option “{unknown[0]}”. Options of this type: {offered}.")
    if not bound.valid:
        name, messages = next(iter(bound.errors.items()))
        raise BadInput(f"Option {name}: {messages[0]}")
    return dict(bound.values)


def _read(handler: BatchHandler[Any, Any], chosen: Mapping[str, Any]) -> BoundForm:
    policy = handler.execution_policy
    return (policy.options or Form(())).validate({**policy.defaults, **chosen})


def options_as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return option values as JSON can keep them: exact numbers and dates as text."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | date):
        return str(value)
    if isinstance(value, tuple | list | set | frozenset):
        return [_plain(item) for item in value]
    return value
