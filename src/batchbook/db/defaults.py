"""What columns hold where nothing is said."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column
from sqlalchemy.sql.base import ReadOnlyColumnCollection


def scalar_defaults(columns: ReadOnlyColumnCollection[str, Column[Any]]) -> dict[str, Any]:
    """Return, by key, the defaults of a table's or mapper's ``columns``, as far as each is one plain value.

    A new record's form shows them, and bulk writing, which applies no defaults, stores them.
    """
    defaults: dict[str, Any] = {key: column.default for key, column in columns.items()}
    return {
        key: default.arg for key, default in defaults.items() if default is not None and default.is_scalar
    }
