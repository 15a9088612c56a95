"""Suggestions of the column for each field: the one used last time, one with its name or a synonym, or a similar one as a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping
from batchbook.grid import Kind
from batchbook.grid.columns import NUMERIC_KINDS
from batchbook.tables.report import ColumnReport, Reading, Report

#: How much of two names must agree for one to look like the other, of 1.
_SIMILAR = 0.75
#: Words that are too short to be told apart by a letter.
_SHORT = 3
#: What is looked at of a heading.
_LONGEST_NAME = 80

_WORD = re.compile(r"[^\W_]+")
_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of ``name``, in lower case, without accents and endings of plurals.

    ``item_code``, ``Item Codes``, ``ITEM-CODE`` and ``itemCode`` have the same words.
    """
    parted = _INNER_CAPITAL.sub(" ", name[:_LONGEST_NAME])
    letters = "".join(c for c in unicodedata.normalize("NFKD", parted) if not unicodedata.combining(c))
    return tuple(_singular(word) for word in _WORD.findall(letters.casefold()))


def normalise_name(name: str) -> str:
    """Return ``name`` normalised: the same for all ways to write it."""
    return "".join(words_of(name))


def name_similarity(heading: str, name: str) -> float:
    """Return the similarity of ``heading`` and ``name``, from 0 to 1."""
    theirs, ours = words_of(heading), words_of(name)
    if not theirs or not ours:
        return 0.0
    if set(ours) <= set(theirs) or set(theirs) <= set(ours):
        return _SIMILAR + (1 - _SIMILAR) * min(len(ours), len(theirs)) / max(len(ours), len(theirs))
    ratio = SequenceMatcher(None, "".join(theirs), "".join(ours)).ratio()
    return ratio if ratio >= _SIMILAR else 0.0


def _singular(word: str) -> str:
    return word[:-1] if len(word) > _SHORT and word.endswith("s") and not word.endswith("ss") else word


@dataclass(frozen=True)
class RememberedMapping:
    """A mapping that was used before; ``label`` ends the sentence “as …”, such as “last time for V0764”.

    ``reading`` is the reading that was chosen for that file. A mapping that is not ``sure`` was used for something
    else: all that it suggests are guesses.
    """

    mapping: IntakeMapping
    label: str
    sure: bool = True
    reading: Reading = Reading()  # noqa: RUF009 - It cannot change.


@dataclass(frozen=True)
class Suggestion:
    """The ``mapping`` that is certain, and ``guesses``: columns that a field may have, by the field's name.

    ``reasons`` explain in a few words why a field has its column, may have it, or has none. ``unused`` are headings of
    columns that fill nothing and were not left out of such a file before.
    """

    mapping: IntakeMapping
    guesses: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    def place_of(self, name: str) -> int | None:
        """Return the column that the field called ``name`` has or, if it has none, may have."""
        return self.mapping.columns.get(name, self.guesses.get(name))

    @property
    def needs_no_headings(self) -> bool:
        """Whether columns were recognised by what they contain, or are those that a person chose before."""
        return any(why == BY_CONTENTS or why.startswith(_AS) for why in self.reasons.values())

    def missing(self, fields: Iterable[IntakeField]) -> list[IntakeField]:
        """Return those of ``fields`` that are required and not filled."""
        return [field for field in fields if field.required and not self.mapping.fills(field.name)]


#: The reason for a choice of a person.
BY_YOU = "by you"
#: The beginning of the reason for a column that had the same heading, or place, in an earlier file.
_AS = "as "

#: A rule that tells whether a heading of a table, as it is and normalised, is a name of a field.
_Rule = Callable[[IntakeField, str, str], bool]

# In this order: the exact heading that messages ask for counts before everything else.
_RULES: tuple[tuple[str, _Rule], ...] = (
    ("by its name", lambda field, text, _: text == field.heading.lower()),
    (
        "by its name",
        lambda field, _, known: known in (normalise_name(field.name), normalise_name(field.label)),
    ),
    ("by a similar name", lambda field, _, known: known in map(normalise_name, field.synonyms)),
)


#: The reason for a column of a table without headings that was recognised.
BY_CONTENTS = "by what it contains"
#: A function that recognises columns of a table without headings: it returns their places by the names of fields.
Recognise = Callable[[Sequence[ColumnReport]], Mapping[str, int]]


def suggest(
    fields: Sequence[IntakeField],
    report: Report,
    remembered: RememberedMapping | None = None,
    recognise: Recognise | None = None,
) -> Suggestion:
    """Suggest which columns of the table in ``report`` fill ``fields``, with reasons.

    ``remembered`` comes first, as far as its headings are those of the table. ``recognise`` is asked about a table without
    headings of which nothing is remembered.
    """
    finder = _Finder(fields, report)
    if remembered is not None:
        finder.recall(remembered)
    if recognise is not None and report.reading.header_row == 0 and not finder.found:
        finder.place(recognise(report.columns))
    for reason, rule in _RULES:
        finder.apply(reason, rule)
    finder.guess()
    mapping = IntakeMapping(columns=finder.found, headings=report.headings)
    if remembered is not None:
        mapping = finder.with_the_rest(mapping, remembered)
    return Suggestion(mapping, finder.guesses, finder.reasons, _unused(mapping, remembered))


def _unused(mapping: IntakeMapping, remembered: RememberedMapping | None) -> tuple[str, ...]:
    used = {*mapping.columns.values(), *mapping.carried}
    known = set()
    if remembered is not None and remembered.sure:
        known = {normalise_name(heading) for heading in remembered.mapping.headings}
    others = (heading for at, heading in enumerate(mapping.headings) if at not in used)
    return tuple(heading for heading in others if heading.strip() and normalise_name(heading) not in known)


class _Finder:
    """Gives each field at most one column, and each column to at most one field."""

    def __init__(self, fields: Sequence[IntakeField], report: Report) -> None:
        self._fields = fields
        self._report = report
        self._lower = [heading.strip().lower() for heading in report.headings]
        self._normal = [normalise_name(heading) for heading in report.headings]
        self.found: dict[str, int] = {}
        self.guesses: dict[str, int] = {}
        self.reasons: dict[str, str] = {}

    def recall(self, remembered: RememberedMapping) -> None:
        """Give fields the columns with the headings that they had before."""
        into = self.found if remembered.sure else self.guesses
        for wanted in self._open():
            heading = remembered.mapping.heading_of(wanted.name)
            position = None if heading is None else self.position_of(heading)
            if position is not None and position not in self._taken():
                into[wanted.name] = position
                self.reasons[wanted.name] = _reason_for(remembered)

    def place(self, recognised: Mapping[str, int]) -> None:
        """Give fields the columns that were recognised by their contents."""
        for wanted in self._open():
            position = recognised.get(wanted.name)
            if position is not None and position not in self._taken():
                self.found[wanted.name] = position
                self.reasons[wanted.name] = BY_CONTENTS

    def position_of(self, heading: str) -> int | None:
        """Return the one column with that heading; ``None`` if there is none, or more than one."""
        known = normalise_name(heading)
        positions = [at for at, other in enumerate(self._normal) if other == known and known]
        return positions[0] if len(positions) == 1 else None

    def apply(self, reason: str, rule: _Rule) -> None:
        """Give fields their columns by ``rule``, where just one column satisfies it."""
        for wanted in self._open():
            if wanted.name in self.reasons and wanted.name not in self.guesses:
                continue  # It was ambiguous by a better rule, so a weaker one must not decide.
            taken = set(self.found.values())
            fitting = [
                at
                for at, (text, known) in enumerate(zip(self._lower, self._normal, strict=True))
                if at not in taken and known and rule(wanted, text, known)
            ]
            self._decide(wanted, fitting, reason)

    def _decide(self, wanted: IntakeField, fitting: Sequence[int], reason: str) -> None:
        if not fitting:
            return
        for name in [name for name, at in self.guesses.items() if name == wanted.name or at in fitting]:
            del self.guesses[name], self.reasons[name]
        if len(fitting) == 1:
            self.found[wanted.name] = fitting[0]
            self.reasons[wanted.name] = reason
        else:
            self.reasons[wanted.name] = f"{len(fitting)} columns have its name: choose one"

    def guess(self) -> None:
        """Guess columns for the remaining fields by the similarity of their names."""
        scores = sorted(
            (
                (-score, order, at, field.name)
                for order, field in enumerate(self._open())
                if field.name not in self.reasons
                for at in range(len(self._lower))
                if (score := self._score(field, at))
            ),
        )
        for _, _, at, name in scores:
            if name not in self.guesses and at not in self._taken():
                self.guesses[name] = at
                self.reasons[name] = "a guess: the names are similar"

    def with_the_rest(self, mapping: IntakeMapping, remembered: RememberedMapping) -> IntakeMapping:
        """Return ``mapping`` with the rest of the remembered one, for the fields that have the same columns."""
        before, reason = remembered.mapping, _reason_for(remembered)
        same = {name for name, why in self.reasons.items() if why == reason}
        return replace(
            mapping,
            constants=self._constants(before, reason) if remembered.sure else {},
            values={name: texts for name, texts in before.values.items() if name in same},
            widths={name: width for name, width in before.widths.items() if name in same},
            carried=self._carried(before),
        )

    def _constants(self, before: IntakeMapping, reason: str) -> dict[str, str]:
        names = [field.name for field in self._open() if field.name in before.constants]
        for name in names:
            self.guesses.pop(name, None)
            self.reasons[name] = reason
        return {name: before.constants[name] for name in names}

    def _carried(self, before: IntakeMapping) -> tuple[int, ...]:
        headings = (before.headings[at] for at in before.carried if at < len(before.headings))
        found = (self.position_of(heading) for heading in headings)
        return tuple(at for at in found if at is not None and at not in self._taken())

    def _score(self, field: IntakeField, at: int) -> float:
        if field.column.kind in NUMERIC_KINDS and self._report.columns[at].kind in ("date", "yes-no"):
            return 0.0
        if field.column.kind is Kind.DATE and self._report.columns[at].kind not in ("date", "text"):
            return 0.0
        heading = self._report.headings[at]
        return max(name_similarity(heading, name) for name in (field.name, field.label, *field.synonyms))

    def _open(self) -> list[IntakeField]:
        return [field for field in self._fields if field.name not in self.found]

    def _taken(self) -> set[int]:
        return {*self.found.values(), *self.guesses.values()}


def _reason_for(remembered: RememberedMapping) -> str:
    return f"{_AS}{remembered.label}"
