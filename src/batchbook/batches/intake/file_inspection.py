"""Result of the inspection of a batch's file: what was found and chosen, and what is missing before rows can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from batchbook import tables
from batchbook.batches.intake.bulk_parser import TEXT_KINDS
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping, column_title
from batchbook.batches.intake.suggestions import Suggestion, normalise_name
from batchbook.errors import BadInput
from batchbook.grid import Kind
from batchbook.grid.columns import NUMERIC_KINDS
from batchbook.grid.parsers import DateOrder
from batchbook.statuses import Severity
from batchbook.tables.layout.unlike_rows import HIDDEN_ROWS
from batchbook.tables.profile.conventions import OPEN_ORDER, OPEN_SIGN, PERCENT_SIGNS
from batchbook.tables.report import Note, Reading, Report
from batchbook.words import counted, quoted_list, storable

# Each such cell is a problem of its row anyway, where people correct it.
_REPORTED_BY_ROWS = frozenset({"not-numbers", "not-days", "surplus-cells"})
# Findings that matter only to columns of some kinds.
_RELEVANT_KINDS = {
    "mixed-decimal-signs": NUMERIC_KINDS,
    OPEN_SIGN: NUMERIC_KINDS,
    "mixed-date-orders": (Kind.DATE,),
    OPEN_ORDER: (Kind.DATE,),
    "short-years": (Kind.DATE,),
    "stripped-zeros": TEXT_KINDS,
    PERCENT_SIGNS: NUMERIC_KINDS,
    "long-numbers": TEXT_KINDS,
    "shortened-numbers": TEXT_KINDS,
}
_STRIPPED_ZEROS, _NO_HEADER = "stripped-zeros", "no-header"
#: The codes of findings that leave several readings open. Rows are read only once one of them was chosen.
OPEN_QUESTIONS = frozenset(
    {tables.ENCODING_GUESSED, tables.ODD_LINES, OPEN_SIGN, OPEN_ORDER, PERCENT_SIGNS, HIDDEN_ROWS}
)


def needs_decision(note: Note, fields: Sequence[IntakeField], mapping: IntakeMapping) -> bool:
    """Return whether ``note`` warns of something that matters to ``fields``, and is not decided yet."""
    if note.severity not in (Severity.WARNING, Severity.ERROR) or note.code in _REPORTED_BY_ROWS:
        return False
    if note.code in (tables.ENCODING_GUESSED, tables.ODD_LINES):
        return not {*mapping.columns.values(), *mapping.carried}.isdisjoint(note.columns)
    if note.column is None:
        return True
    filled = [one for place, one in mapping.placed(fields) if place == note.column]
    if note.code == _STRIPPED_ZEROS:
        filled = [one for one in filled if one.name not in mapping.widths]
    kinds = _RELEVANT_KINDS.get(note.code)
    return any(kinds is None or one.column.kind in kinds for one in filled)


#: Characters of a cell that are kept of the first rows; all of them are in the file.
_LONGEST_CELL = 500
_KEYS = frozenset({"said", "reading", "report", "mapping", "suggested"})


@dataclass(frozen=True)
class Intake:
    """The result of an inspection: the ``report`` of the file, and a ``suggestion`` of columns for the fields.

    ``chosen`` is the part of the reading that was chosen rather than guessed. ``decided`` means that a person has seen
    and chosen the columns; ``name`` is that of the saved mapping, if one was chosen.
    """

    chosen: Reading
    report: Report
    suggestion: Suggestion = field(default_factory=lambda: Suggestion(IntakeMapping()))
    decided: bool = False
    name: str = ""

    @property
    def mapping(self) -> IntakeMapping:
        """The mapping, as far as it is certain."""
        return self.suggestion.mapping

    @property
    def reading(self) -> Reading:
        """The complete reading of the file, chosen or guessed."""
        return self.report.reading

    @property
    def is_chosen(self) -> bool:
        """Whether any part of the reading was chosen; else all of it is guessed."""
        return self.chosen != Reading()

    def is_plain(self, fields: Iterable[IntakeField]) -> bool:
        """Return whether rows can be read without a person checking anything first."""
        wanted = tuple(fields)
        headless = {_NO_HEADER} if self.suggestion.needs_no_headings else set()
        asks = any(
            needs_decision(note, wanted, self.mapping)
            for note in self.report.notes
            if note.code not in headless
        )
        # A column that fills nothing may well be the one that a field lacks, under an unknown name.
        lacks = self.suggestion.unused and not all(self.mapping.fills(one.name) for one in wanted)
        return not (asks or lacks or self.suggestion.guesses or self.suggestion.missing(wanted))

    def date_order(self, name: str) -> DateOrder | None:
        """Return the order of day, month and year in the column that fills the field ``name``, as it shows or was chosen.

        ``None`` without such a column, and where its texts may be read in either order and nobody chose one.
        """
        place = self.mapping.columns.get(name)
        if place is None:
            return None
        if chosen := self.chosen.column(place).date_order:
            return chosen
        is_open = any(note.code == OPEN_ORDER and note.column == place for note in self.report.notes)
        return None if is_open else self.reading.column(place).date_order or None

    def to_json(self) -> dict[str, Any]:
        """Return the intake as JSON, with the beginnings of long cells only."""
        report = self.report.to_json()
        first = [(number, [cell[:_LONGEST_CELL] for cell in cells]) for number, cells in report["first_rows"]]
        stored = {
            "said": self.chosen.to_json(),
            "reading": self.reading.to_json(),
            "report": {**report, "first_rows": first},
            "mapping": self.mapping.to_json(),
            "suggested": {
                "guesses": dict(self.suggestion.guesses),
                "reasons": dict(self.suggestion.reasons),
                "decided": self.decided,
                "name": self.name,
            },
        }
        return {name: storable_json(value) for name, value in stored.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self | None:
        """Return the intake that :meth:`to_json` returned; ``None`` if ``stored`` has none."""
        if not stored.keys() >= _KEYS:
            return None
        suggested = stored["suggested"]
        mapping = IntakeMapping.from_json(stored["mapping"])
        return cls(
            Reading.from_json(stored["said"]),
            Report.from_json(stored["report"]),
            Suggestion(mapping, suggested["guesses"], suggested["reasons"]),
            suggested["decided"],
            suggested["name"],
        )


def storable_json(value: Any) -> Any:
    """Return the JSON ``value`` without characters that no database stores, which texts of a file may have."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_json(part) for key, part in value.items()}
    return [*map(storable_json, value)] if isinstance(value, list | tuple) else value


_MOST_NAMED = 20
_LONGEST_QUOTED = 60


class Unmapped(BadInput):
    """The required fields ``fields`` have no column. Nothing was read from the file."""

    def __init__(self, sentence: str, fields: Sequence[IntakeField]) -> None:
        super().__init__(sentence)
        self.fields = tuple(fields)


class Undecided(BadInput):
    """The file, or a column in use, can be read in several ways: the finding has the ``code``. Nothing was read."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


def refuse_unprepared(intake: Intake, fields: Sequence[IntakeField]) -> None:
    """Raise ``BadInput`` where ``intake`` lacks a decision that is needed to read rows with ``fields``."""
    refuse_unreadable(intake)
    refuse_unmapped(intake, fields)
    refuse_undecided(intake, fields)


def refuse_unreadable(intake: Intake) -> None:
    """Raise :class:`~batchbook.tables.errors.Unreadable` where the file cannot be read by the reading that was tried last."""
    if intake.report.problem:
        raise tables.Unreadable(intake.report.problem, intake.reading)


def open_questions(intake: Intake, fields: Sequence[IntakeField]) -> list[Note]:
    """Return the findings that leave several readings open, none of which was chosen, where they matter to ``fields``."""
    return [
        note
        for note in intake.report.notes
        if note.code in OPEN_QUESTIONS and needs_decision(note, fields, intake.mapping)
    ]


def refuse_undecided(intake: Intake, fields: Sequence[IntakeField]) -> None:
    """Raise :class:`Undecided` where the file can be read in several ways, and nobody chose one of them."""
    note = next(iter(open_questions(intake, fields)), None)
    if note is None:
        return
    message, name = note.message, intake.report.name
    if note.code in (tables.ENCODING_GUESSED, tables.ODD_LINES):
        message = f"{message} {'; '.join(_readings(intake))}."
    elif note.column is not None:
        message = f"Column “{column_title(intake.report.headings[note.column], note.column)}”: {message}"
    raise Undecided(f"“{name}” can be read in several ways. {message}", note.code)


def _readings(intake: Intake) -> Iterator[str]:
    for reading in intake.report.readings:
        language = f" ({reading.language})" if reading.language else ""
        yield f"{reading.encoding}{language}: {quoted_list(reading.texts)}"


def refuse_unmapped(intake: Intake, fields: Sequence[IntakeField]) -> None:
    """Raise :class:`Unmapped` where one of ``fields`` that is required has neither a column nor a text for all rows."""
    missing = intake.suggestion.missing(fields)
    if not missing:
        return
    name, headings = intake.report.name, intake.report.headings
    counts = Counter(map(normalise_name, headings))
    repeated = [wanted for wanted in missing if counts[normalise_name(wanted.heading)] > 1]
    if repeated:
        raise Unmapped(
            f"“{name}” has the column {quoted_list([wanted.heading for wanted in repeated])} more than once, so it is not"
            " clear which one counts: remove or rename one.",
            repeated,
        )
    found = [heading.strip() for heading in headings if heading.strip()][:_MOST_NAMED]
    expected = [wanted.heading for wanted in fields if wanted.required]
    raise Unmapped(
        f"“{name}” has no column {quoted_list([wanted.heading for wanted in missing])}. Found: {quoted_list(found)}."
        f" Expected: {quoted_list(expected)}.",
        missing,
    )


def describe_source(intake: Intake, fields: Sequence[IntakeField]) -> str:
    """Describe, as the end of a sentence, the file and the mapping by which rows were read.

    Columns that have the names of their fields are left out; empty where nothing else was chosen.
    """
    parts = [*_column_parts(intake, fields), *_constant_parts(intake, fields), *_text_parts(intake, fields)]
    if not (parts or intake.name or intake.decided):
        return ""
    saved = f" by the mapping “{intake.name}”" if intake.name else ""
    return f" from “{intake.report.name}”{saved}" + (f": {', '.join(parts)}" if parts else "")


def _column_parts(intake: Intake, fields: Sequence[IntakeField]) -> Iterator[str]:
    for wanted in fields:
        heading = intake.mapping.heading_of(wanted.name)
        if heading is not None and normalise_name(heading) not in (
            normalise_name(wanted.heading),
            normalise_name(wanted.name),
        ):
            yield f"{wanted.label} from “{heading[:_LONGEST_QUOTED]}”"


def _constant_parts(intake: Intake, fields: Sequence[IntakeField]) -> Iterator[str]:
    for wanted in fields:
        text = intake.mapping.constants.get(wanted.name)
        if text is not None:
            yield f"{wanted.label} {f'“{text[:_LONGEST_QUOTED]}”' if text else 'left empty'} in all rows"


def _text_parts(intake: Intake, fields: Sequence[IntakeField]) -> Iterator[str]:
    for wanted in fields:
        width = intake.mapping.widths.get(wanted.name)
        texts = intake.mapping.values.get(wanted.name)
        if width:
            yield f"{wanted.label} padded with zeros to {width} digits"
        if texts:
            yield f"{counted(len(texts), 'text')} of {wanted.label} replaced"
