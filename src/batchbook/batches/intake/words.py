"""What people are told of an intake: why rows cannot be read yet, and from which columns they were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchbook.batches.intake.fields import IntakeField
from batchbook.batches.intake.kept import Intake
from batchbook.batches.intake.names import normal
from batchbook.batches.intake.questions import asks_about
from batchbook.errors import BadInput
from batchbook.tables import listed
from batchbook.tables.encoding import GUESSED, ODD_LINES
from batchbook.tables.report import TextReading
from batchbook.words import counted

_MOST_NAMED = 20
_LONGEST = 60


class Unmapped(BadInput):
    """Fields that a file must fill have no column; ``fields`` are those. Nothing was taken from it."""

    def __init__(self, sentence: str, fields: Sequence[IntakeField]) -> None:
        super().__init__(sentence)
        self.fields = tuple(fields)


class GuessedText(BadInput):
    """The encoding of a text, or of some of its lines, is a guess; ``code`` says which. Nothing was taken from it."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


def refuse_guessed_text(intake: Intake, fields: Sequence[IntakeField]) -> None:
    """Raise :class:`GuessedText` where characters of a column that is taken may be others, as nobody chose the encoding."""
    told = [note for note in intake.report.notes if note.code in (GUESSED, ODD_LINES)]
    note = next((note for note in told if asks_about(note, fields, intake.mapping)), None)
    if note is None:
        return
    readings = "; ".join(f"{_encoding(one)}: {listed(one.texts)}" for one in intake.report.readings)
    raise GuessedText(
        f"“{intake.report.name}” can be read in several ways. {note.message} {readings}.", note.code
    )


def _encoding(reading: TextReading) -> str:
    return f"{reading.encoding} ({reading.language})" if reading.language else reading.encoding


def refuse_unmapped(intake: Intake, fields: Sequence[IntakeField]) -> None:
    """Raise :class:`Unmapped` where one of ``fields`` that is required has neither a column nor a text for all rows."""
    missing = intake.suggestion.missing(fields)
    if not missing:
        return
    name, headings = intake.report.name, intake.report.headings
    doubled = [wanted for wanted in missing if _count(wanted, headings) > 1]
    if doubled:
        raise Unmapped(
            f"“{name}” has the column {listed([wanted.heading for wanted in doubled])} more than once, so it is not"
            " clear which one counts: remove or rename one.",
            doubled,
        )
    found = [heading.strip() for heading in headings if heading.strip()][:_MOST_NAMED]
    expected = [wanted.heading for wanted in fields if wanted.required]
    raise Unmapped(
        f"“{name}” has no column {listed([wanted.heading for wanted in missing])}. Found: {listed(found)}."
        f" Expected: {listed(expected)}.",
        missing,
    )


def _count(wanted: IntakeField, headings: Sequence[str]) -> int:
    return sum(normal(heading) == normal(wanted.heading) for heading in headings)


def said_of(intake: Intake, fields: Sequence[IntakeField]) -> str:
    """Return, as the end of a sentence, from which file and by which mapping rows were read.

    Columns that are called like their fields are not named; empty where nothing else was said.
    """
    parts = [*_columns(intake, fields), *_constants(intake, fields), *_texts(intake, fields)]
    if not (parts or intake.name or intake.decided):
        return ""
    saved = f" by the mapping “{intake.name}”" if intake.name else ""
    return f" from “{intake.report.name}”{saved}" + (f": {', '.join(parts)}" if parts else "")


def _columns(intake: Intake, fields: Sequence[IntakeField]) -> Iterator[str]:
    for wanted in fields:
        heading = intake.mapping.heading_of(wanted.name)
        if heading is not None and normal(heading) not in (normal(wanted.heading), normal(wanted.name)):
            yield f"{wanted.label} from “{heading[:_LONGEST]}”"


def _constants(intake: Intake, fields: Sequence[IntakeField]) -> Iterator[str]:
    for wanted in fields:
        text = intake.mapping.constants.get(wanted.name)
        if text is not None:
            yield f"{wanted.label} {f'“{text[:_LONGEST]}”' if text else 'left empty'} in all rows"


def _texts(intake: Intake, fields: Sequence[IntakeField]) -> Iterator[str]:
    for wanted in fields:
        width = intake.mapping.widths.get(wanted.name)
        texts = intake.mapping.values.get(wanted.name)
        if width:
            yield f"{wanted.label} padded with zeros to {width} digits"
        if texts:
            yield f"{counted(len(texts), 'text')} of {wanted.label} replaced"
