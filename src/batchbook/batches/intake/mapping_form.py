"""Choices of the column for each field: by a form, with offers such as padding with zeros, or by pairs of names as in commands."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping, column_title
from batchbook.batches.intake.file_inspection import Intake, storable_json
from batchbook.batches.intake.intake_reader import constant_of
from batchbook.batches.intake.saved_mappings import LONGEST_NAME
from batchbook.batches.intake.suggestions import BY_YOU, Suggestion, normalise_name
from batchbook.errors import BadInput
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import CellError, Choice, Kind, parse
from batchbook.words import counted, quoted_list

#: How many of the codes must have one length for it to be the usual one.
_USUAL_SHARE = 0.9


@dataclass(frozen=True)
class Padding:
    """An offer to pad codes with zeros to ``width`` digits, and the ``evidence`` for it in a sentence."""

    width: int
    evidence: str


def usual_length(lengths: Mapping[int, int]) -> int | None:
    """Return the length that nearly all codes have; ``None`` if there is none."""
    total = sum(lengths.values())
    best = max(lengths, key=lambda length: lengths[length], default=None)
    return best if best and lengths[best] >= _USUAL_SHARE * total else None


def offer_padding(lengths: Mapping[int, int], known: Mapping[int, int]) -> Padding | None:
    """Return to how many digits the codes of a file are to be padded, if some of them seem to lack zeros.

    ``lengths`` counts the codes of the file that are all digits by their length, ``known`` those that there are already
    where the file is going to. What is there already counts for more.
    """
    width = usual_length(known) or usual_length(lengths)
    short = {length: count for length, count in lengths.items() if width and length < width}
    if width is None or not short or any(length > width for length in lengths):
        return None
    where = "known here" if usual_length(known) else "in the file"
    counts = known if usual_length(known) else lengths
    return Padding(
        width,
        f"{counts[width]:,} of {counted(sum(counts.values()), 'code')} {where} have {width} digits;"
        f" {counted(sum(short.values()), 'code')} in the file {_lengths_text(short)}.",
    )


def _lengths_text(short: Mapping[int, int]) -> str:
    low, high = min(short), max(short)
    digits = f"{low}" if low == high else f"{low} to {high}"
    return f"{'has' if sum(short.values()) == 1 else 'have'} {digits}: a spreadsheet may have stripped their zeros"


#: Stands before a text for all rows, where a heading is expected.
CONSTANT_PREFIX = "="


def choose_columns(intake: Intake, fields: Sequence[IntakeField], pairs: Iterable[tuple[str, str]]) -> Intake:
    """Return ``intake`` with what ``pairs`` of a field and a heading choose, besides what is certain already.

    In place of a heading stands ``=`` with a text for all rows, or nothing for a field that is left empty. Raises
    ``BadInput`` for a field or heading that there is not, and for a text that the field does not take.
    """
    mapping, chosen = intake.mapping, set[str]()
    for name, heading in pairs:
        wanted = _field_called(name, fields)
        chosen.add(wanted.name)
        mapping = _with_choice(mapping, wanted, heading, intake)
    suggestion = intake.suggestion
    guesses = {name: place for name, place in suggestion.guesses.items() if name not in chosen}
    reasons = {**suggestion.reasons, **dict.fromkeys(chosen, BY_YOU)}
    return replace(intake, suggestion=Suggestion(mapping, guesses, reasons), decided=True)


def _field_called(name: str, fields: Sequence[IntakeField]) -> IntakeField:
    known = normalise_name(name)
    found = [
        one
        for one in fields
        if known in {normalise_name(one.name), normalise_name(one.label), normalise_name(one.heading)}
    ]
    if len(found) != 1:
        names = ", ".join(one.heading for one in fields)
        raise BadInput(f"There is no field “{name[:60]}” to take from a file. Its fields: {names}.")
    return found[0]


def _with_choice(mapping: IntakeMapping, wanted: IntakeField, heading: str, intake: Intake) -> IntakeMapping:
    columns = {name: place for name, place in mapping.columns.items() if name != wanted.name}
    constants = {name: text for name, text in mapping.constants.items() if name != wanted.name}
    if not heading or heading.startswith(CONSTANT_PREFIX):
        constants[wanted.name] = heading[1:]
        constant_of(wanted, heading[1:])
    else:
        columns[wanted.name] = _place_of(heading, intake)
    return replace(mapping, columns=columns, constants=constants)


def _place_of(heading: str, intake: Intake) -> int:
    headings = intake.report.headings
    for form in (str, lambda text: text.strip().lower(), normalise_name):
        places = [place for place, one in enumerate(headings) if form(one) == form(heading)]
        if len(places) == 1:
            return places[0]
    name, found = intake.report.name, quoted_list([one.strip() for one in headings if one.strip()][:20])
    if places:
        raise BadInput(f"“{name}” has the column “{heading[:60]}” {len(places)} times: rename one of them.")
    raise BadInput(f"“{name}” has no column “{heading[:60]}”. Found: {found}.")


#: What stands for one text in all rows, instead of a column.
CONSTANT_CHOICE = "constant"
#: How many columns rows can keep besides their fields: one of PostgreSQL's holds no more in its 8 kB.
MOST_CARRIED = 200
_LONGEST_TEXT = 60


@dataclass(frozen=True)
class MappingOffers:
    """What a mapping page offers besides columns: paddings by field, and by field the texts that it does not take."""

    paddings: Mapping[str, Padding] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def mark(self, intake: Intake) -> str:
        """Return a text that is another one as soon as the form is about other columns or texts than before."""
        widths = {name: padding.width for name, padding in self.paddings.items()}
        texts = {name: [*found] for name, found in self.texts.items()}
        said = [intake.report.headings, intake.reading.to_json(), intake.mapping.to_json(), widths, texts]
        return f"{zlib.crc32(json.dumps(storable_json(said)).encode()):08x}"


def mapping_form(
    intake: Intake, fields: Sequence[IntakeField], offers: MappingOffers, *, carries: bool
) -> Form:
    """Return the form for the columns of ``fields``; with ``carries`` other columns can be kept as well."""
    headings = intake.report.headings
    columns = [Choice(str(place), column_title(heading, place)) for place, heading in enumerate(headings)]
    items = [item for wanted in fields for item in _fields_for(wanted, columns, offers)]
    if carries:
        items.append(
            Field.of(
                "carried", Kind.CHOICE, label="Keep as well", widget="checkboxes", choices=tuple(columns)
            )
        )
    items.append(
        Field.of("save_as", Kind.TEXT, label="Save this mapping as", max_length=LONGEST_NAME, help=_SAVE_HELP)
    )
    return Form(items)


_SAVE_HELP = "Under a name it can be chosen for other files, also by the command line. A name that there is already gets this one."


def _fields_for(wanted: IntakeField, columns: Sequence[Choice], offers: MappingOffers) -> Iterator[Field]:
    name = wanted.name
    choices = (Choice(CONSTANT_CHOICE, "The same text in all rows"), *columns)
    yield Field.of(f"column.{name}", Kind.CHOICE, label=f"Column for {wanted.label}", choices=choices)
    yield Field.of(f"constant.{name}", Kind.TEXT, label=f"{wanted.label} in all rows", max_length=1_000)
    if name in offers.paddings:
        width = offers.paddings[name].width
        yield Field.of(f"pad.{name}", Kind.BOOLEAN, label=f"Pad with zeros to {width} digits")
    for number, text in enumerate(offers.texts.get(name, ())):
        label = f"{wanted.label}: “{text[:_LONGEST_TEXT]}” means"
        yield Field.of(f"value.{name}.{number}", Kind.TEXT, label=label, max_length=1_000)


def mapping_form_values(
    intake: Intake, fields: Sequence[IntakeField], offers: MappingOffers
) -> dict[str, Any]:
    """Return what the form shows: the mapping as it is, and guesses where it says nothing."""
    mapping = intake.mapping
    values: dict[str, Any] = {"carried": [str(place) for place in mapping.carried]}
    for wanted in fields:
        name = wanted.name
        place = intake.suggestion.place_of(name)
        constant = mapping.constants.get(name)
        values[f"column.{name}"] = (
            CONSTANT_CHOICE if constant is not None else None if place is None else str(place)
        )
        values[f"constant.{name}"] = constant
        values[f"pad.{name}"] = name in mapping.widths
        for number, text in enumerate(offers.texts.get(name, ())):
            values[f"value.{name}.{number}"] = mapping.values.get(name, {}).get(text)
    return values


def intake_from_form(
    bound: BoundForm, intake: Intake, fields: Sequence[IntakeField], offers: MappingOffers
) -> Intake:
    """Return ``intake`` with the mapping that the form ``bound`` says; what it says of texts must be values."""
    values = bound.values
    chosen = {wanted.name: _choice(values, wanted.name) for wanted in fields}
    columns = {name: int(choice) for name, choice in chosen.items() if choice not in (None, CONSTANT_CHOICE)}
    mapping = IntakeMapping(
        columns=columns,
        constants={
            name: values.get(f"constant.{name}") or ""
            for name, choice in chosen.items()
            if choice == CONSTANT_CHOICE
        },
        values=_values(bound, intake.mapping, columns, offers),
        widths={
            name: padding.width
            for name, padding in offers.paddings.items()
            if name in columns and values.get(f"pad.{name}")
        },
        carried=tuple(
            int(place) for place in values.get("carried") or () if int(place) not in columns.values()
        ),
        headings=intake.report.headings,
    )
    reasons = {name: _reason(name, mapping, intake) for name in chosen if mapping.fills(name)}
    return replace(intake, suggestion=Suggestion(mapping, {}, reasons), decided=True)


def _choice(values: Mapping[str, Any], name: str) -> str | None:
    """Return the column that is chosen for a field; a text that was written where none is chosen is for all rows."""
    choice: str | None = values.get(f"column.{name}")
    return CONSTANT_CHOICE if choice is None and values.get(f"constant.{name}") else choice


def _reason(name: str, mapping: IntakeMapping, intake: Intake) -> str:
    before = intake.mapping
    same = (mapping.columns.get(name), mapping.constants.get(name)) == (
        before.columns.get(name),
        before.constants.get(name),
    )
    return intake.suggestion.reasons.get(name, BY_YOU) if same else BY_YOU


def _values(
    bound: BoundForm, before: IntakeMapping, columns: Mapping[str, int], offers: MappingOffers
) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for name in columns:
        asked = offers.texts.get(name, {})
        texts = {text: taken for text, taken in before.values.get(name, {}).items() if text not in asked}
        for number, text in enumerate(asked):
            taken = bound.values.get(f"value.{name}.{number}")
            if taken:
                texts[text] = taken
        if texts:
            values[name] = texts
    return values


def check_mapping(
    bound: BoundForm, intake: Intake, fields: Sequence[IntakeField], offers: MappingOffers
) -> None:
    """Add to ``bound`` what is wrong with texts that it says, and what is missing."""
    for wanted in fields:
        name = wanted.name
        constant = intake.mapping.constants.get(name)
        if constant is not None:
            _check_text(bound, f"constant.{name}", wanted, constant)
        elif bound.values.get(f"constant.{name}"):
            bound.add_error(
                f"constant.{name}",
                "A column is chosen as well: take this text away, or choose the same text in all rows instead.",
            )
        for number, text in enumerate(offers.texts.get(name, ())):
            if text in (taken := intake.mapping.values.get(name, {})):
                _check_text(bound, f"value.{name}.{number}", wanted, taken[text])
    if len(intake.mapping.carried) > MOST_CARRIED:
        bound.add_error(
            "carried",
            f"At most {MOST_CARRIED} other columns can be kept: choose fewer. All of them stay in the file.",
        )
    for wanted in intake.suggestion.missing(fields):
        bound.add_error(
            f"column.{wanted.name}",
            f"{wanted.label} is needed: choose its column, or the same text in all rows, which may be empty.",
        )


def _check_text(bound: BoundForm, name: str, wanted: IntakeField, text: str) -> None:
    try:
        parse(wanted.column, text)
    except CellError as error:
        bound.add_error(name, error.message)
