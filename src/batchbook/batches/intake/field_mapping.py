"""Fields that rows take from a file, and the mapping of columns to fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from batchbook.grid import Column, columns_of
from batchbook.words import storable


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


#: How many characters of a heading are told.
_LONGEST_HEADING = 60


@dataclass(frozen=True)
class IntakeMapping:
    """How the columns of a table become the fields of rows; columns are named by position, counted from 0.

    ``columns`` has the column of each field that comes from the file, ``constants`` the text that a field has in every
    row instead; an empty one says that the field stays empty. ``values`` has for a field the texts to take in place of
    texts in the file, ``widths`` to how many digits its numbers are padded with zeros. ``carried`` are the columns that
    are kept as they are. ``headings`` are those of the table it was made for: by them it is used for another one.
    """

    columns: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    carried: tuple[int, ...] = ()
    headings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can keep it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what :meth:`to_json` made of it."""
        return cls(
            **{**stored, "carried": tuple(stored["carried"]), "headings": tuple(stored["headings"])},
        )

    def fills(self, name: str) -> bool:
        """Return whether the field called ``name`` has a column, or a text for all rows."""
        return name in self.columns or name in self.constants

    def placed(self, fields: Iterable[IntakeField]) -> list[tuple[int, IntakeField]]:
        """Return those of ``fields`` that have a column, each with the position of it."""
        return [(self.columns[one.name], one) for one in fields if one.name in self.columns]

    def heading_of(self, name: str) -> str | None:
        """Return the heading of the column that fills the field called ``name``; ``None`` if none does."""
        position = self.columns.get(name)
        return self.headings[position] if position is not None and position < len(self.headings) else None

    def fits(self, headings: Sequence[str]) -> bool:
        """Return whether every column that it uses stands in a table with those ``headings`` where it says.

        A mapping that was kept has lost characters that no database stores, such as NUL.
        """
        used = (*self.columns.values(), *self.carried)
        return all(
            position < min(len(headings), len(self.headings))
            and storable(headings[position]) == storable(self.headings[position])
            for position in used
        )


def merge_texts(
    texts: Mapping[str, Mapping[str, str]], over: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Return what both say of texts, by field as ``IntakeMapping.values`` do; ``over`` counts where they differ."""
    return {name: {**texts.get(name, {}), **over.get(name, {})} for name in {*texts, *over}}


def column_title(heading: str, position: int) -> str:
    """Return what people are told of the column at ``position``: its ``heading``, or its number if it has none."""
    return heading.strip()[:_LONGEST_HEADING] or f"Column {position + 1}"
