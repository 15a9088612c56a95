"""What a batch takes from a file: fields, each with the row's column that it fills and the headings it goes by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from batchbook.grid import Column, columns_of


@dataclass(frozen=True, eq=False)
class IntakeField:
    """Something that a file says of each row.

    ``name`` is its key in mappings and on the command line, ``column`` the row's column that gets its values. A
    ``required`` one must come from the file, or be said to be one text for all rows. A ``key`` tells which thing a row
    is about. ``synonyms`` are headings that it goes by besides its name and its label; the first of them is the one
    that people are told.
    """

    name: str
    column: Column
    required: bool = True
    key: bool = False
    synonyms: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What people call it."""
        return self.column.label

    @property
    def heading(self) -> str:
        """The heading that people are told to give it."""
        return self.synonyms[0] if self.synonyms else self.name


def fields_of(model: Any, file_columns: Mapping[str, str]) -> tuple[IntakeField, ...]:
    """Return a required field for each heading of ``file_columns``, which names a column of the row ``model``.

    Raises ``ValueError`` for a name that is none.
    """
    columns = columns_of(model, file_columns.values())
    return tuple(
        IntakeField(column.name, column, synonyms=(heading,))
        for heading, column in zip(file_columns, columns, strict=True)
    )


def headings_of(fields: Iterable[IntakeField]) -> frozenset[str]:
    """Return every heading that one of ``fields`` goes by, in lower case: a file's header row has some of them."""
    return frozenset(
        heading.strip().lower() for field in fields for heading in (field.name, field.label, *field.synonyms)
    )
