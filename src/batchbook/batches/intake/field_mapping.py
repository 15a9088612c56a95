"""Fields that rows take from a file, and the mapping of columns to fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from batchbook.errors import BadInput
from batchbook.grid import CellError, Column, columns_of, parse
from batchbook.words import storable


@dataclass(frozen=True, eq=False)
class IntakeField:
    """A field that rows take from a file.

    ``name`` is its key in mappings and on the command line, ``column`` the row's column that gets its values. A
    ``required`` one must come from the file, or get one text for all rows. A ``key`` identifies what a row is about.
    ``synonyms`` are headings by which files call it besides its name and its label; the first of them is the one that
    messages name.
    """

    name: str
    column: Column
    required: bool = True
    key: bool = False
    synonyms: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.column.label

    @property
    def heading(self) -> str:
        """The heading that messages tell people to give it."""
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
    """Return every heading by which files call one of ``fields``, in lower case: a file's header row has some of them."""
    return frozenset(
        heading.strip().lower() for field in fields for heading in (field.name, field.label, *field.synonyms)
    )


#: How many characters of a heading are shown.
_LONGEST_HEADING = 60


@dataclass(frozen=True)
class IntakeMapping:
    """A mapping of the columns of a table to the fields of rows; columns are given by position, counted from 0.

    ``columns`` has the column of each field that comes from the file, ``constants`` the text that a field has in every
    row instead; an empty one leaves the field empty. ``values`` has for a field the texts to take in place of
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
        """Return the mapping as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the mapping from what :meth:`to_json` returned."""
        return cls(
            **{**stored, "carried": tuple(stored["carried"]), "headings": tuple(stored["headings"])},
        )

    def fills(self, name: str) -> bool:
        """Return whether the field called ``name`` has a column, or a text for all rows."""
        return name in self.columns or name in self.constants

    def placed(self, fields: Iterable[IntakeField]) -> list[tuple[int, IntakeField]]:
        """Return those of ``fields`` that have a column, each with its position."""
        return [(self.columns[one.name], one) for one in fields if one.name in self.columns]

    def heading_of(self, name: str) -> str | None:
        """Return the heading of the column that fills the field called ``name``; ``None`` if none does."""
        position = self.columns.get(name)
        return self.headings[position] if position is not None and position < len(self.headings) else None

    def fits(self, headings: Sequence[str]) -> bool:
        """Return whether a table with ``headings`` has every column that the mapping uses in the same position.

        A mapping that was stored has lost characters that no database stores, such as NUL.
        """
        used = (*self.columns.values(), *self.carried)
        return all(
            position < min(len(headings), len(self.headings))
            and storable(headings[position]) == storable(self.headings[position])
            for position in used
        )


def constant_of(wanted: IntakeField, text: str) -> Any:
    """Return the value that ``text`` gives ``wanted`` in every row; raise ``BadInput`` if it is none."""
    try:
        return parse(wanted.column, text)
    except CellError as error:
        raise BadInput(f"The text for {wanted.label} in all rows cannot be used. {error.message}") from None


def merge_texts(
    texts: Mapping[str, Mapping[str, str]], over: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Return the replacements of both, by field as in ``IntakeMapping.values``; those of ``over`` win."""
    return {name: {**texts.get(name, {}), **over.get(name, {})} for name in {*texts, *over}}


def column_title(heading: str, position: int) -> str:
    """Return the title of the column at ``position`` for people: its ``heading``, or its number if it has none."""
    return heading.strip()[:_LONGEST_HEADING] or f"Column {position + 1}"
