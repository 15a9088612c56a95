"""Choices of the column for each field: by a form, with offers such as padding with zeros, or by pairs of names as in commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from batchbook.batches.concurrency import Token, token_of
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping, column_title, constant_of
from batchbook.batches.intake.file_inspection import Intake, storable_json
from batchbook.batches.intake.saved_mappings import LONGEST_NAME
from batchbook.batches.intake.suggestions import BY_YOU, Suggestion, normalise_name
from batchbook.errors import BadInput
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import (
    CANONICAL,
    CellError,
    Choice,
    Column,
    Conventions,
    Kind,
    canonical_text,
    parse,
    shown_text,
)
from batchbook.tables.normalise import conventions_of
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
    """Offer to pad the codes of a file with zeros, if some of them seem to lack these; ``None`` otherwise.

    ``lengths`` counts the codes of the file that are all digits by their length, ``known`` those of known records, which
    count for more.
    """
    width = usual_length(known) or usual_length(lengths)
    short = {length: count for length, count in lengths.items() if width and length < width}
    if width is None or not short or any(length > width for length in lengths):
        return None
    where = "known here" if usual_length(known) else "in the file"
    counts = known if usual_length(known) else lengths
    low, high = min(short), max(short)
    return Padding(
        width,
        f"{counts[width]:,} of {counted(sum(counts.values()), 'code')} {where} have {width} digits;"
        f" {counted(sum(short.values()), 'code')} in the file {'has' if sum(short.values()) == 1 else 'have'}"
        f" {low if low == high else f'{low} to {high}'}: a spreadsheet may have stripped their zeros.",
    )


#: The prefix of a value for every row, where a heading is expected.
CONSTANT_PREFIX = "="


def choose_columns(intake: Intake, fields: Sequence[IntakeField], pairs: Iterable[tuple[str, str]]) -> Intake:
    """Return ``intake`` with the choices of ``pairs``, each a field and a heading, added to those that are certain.

    In place of a heading, ``=`` and a text is for all rows, and nothing leaves the field empty. Raises
    ``BadInput`` for an unknown field or heading, and for a text that the field cannot store.
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
        raise BadInput(f"There is no field “{name[:60]}”. Its fields: {names}.")
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


#: The choice of one value for every row, instead of a column.
CONSTANT_CHOICE = "constant"
#: How many columns rows can keep besides their fields: one of PostgreSQL's holds no more in its 8 kB.
MOST_CARRIED = 200
_LONGEST_TEXT = 60


@dataclass(frozen=True)
class MappingOffers:
    """Offers of a mapping page besides columns: paddings by field, and by field the texts that are not recognised."""

    paddings: Mapping[str, Padding] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def token(self, intake: Intake) -> Token:
        """Return the concurrency token of the columns and texts that the form is about."""
        widths = {name: padding.width for name, padding in self.paddings.items()}
        texts = {name: [*found] for name, found in self.texts.items()}
        basis = [intake.report.headings, intake.reading.to_json(), intake.mapping.to_json(), widths, texts]
        return token_of(storable_json(basis))


def mapping_form(
    intake: Intake, fields: Sequence[IntakeField], offers: MappingOffers, *, carries: bool
) -> Form:
    """Return the form for the columns of ``fields``; with ``carries``, other columns can be kept as well."""
    headings = intake.report.headings
    columns = [Choice(str(place), column_title(heading, place)) for place, heading in enumerate(headings)]
    items = [item for wanted in fields for item in _fields_for(wanted, columns, offers)]
    if carries:
        items.append(
            Field.of(
                "carried",
                Kind.CHOICE,
                label="Also keep these columns",
                widget="checkboxes",
                choices=tuple(columns),
            )
        )
    items.append(
        Field.of("save_as", Kind.TEXT, label="Save this mapping as", max_length=LONGEST_NAME, help=_SAVE_HELP)
    )
    return Form(items)


_SAVE_HELP = "Saved under a name, it can be used for other files, also on the command line. An existing name is overwritten."


def _fields_for(wanted: IntakeField, columns: Sequence[Choice], offers: MappingOffers) -> Iterator[Field]:
    name = wanted.name
    choices = (Choice(CONSTANT_CHOICE, "Same value for every row"), *columns)
    yield Field.of(f"column.{name}", Kind.CHOICE, label=f"Column for {wanted.label}", choices=choices)
    yield Field.of(f"constant.{name}", Kind.TEXT, label=f"{wanted.label} in every row", max_length=1_000)
    if name in offers.paddings:
        width = offers.paddings[name].width
        yield Field.of(f"pad.{name}", Kind.BOOLEAN, label=f"Pad with zeros to {width} digits")
    for number, text in enumerate(offers.texts.get(name, ())):
        label = f"{wanted.label}: “{text[:_LONGEST_TEXT]}” means"
        yield Field.of(f"value.{name}.{number}", Kind.TEXT, label=label, max_length=1_000)


def mapping_form_values(
    intake: Intake,
    fields: Sequence[IntakeField],
    offers: MappingOffers,
    conventions: Conventions = CANONICAL,
) -> dict[str, Any]:
    """Return the values that the form shows: the mapping as it is, and guesses where it has nothing.

    Numbers are written by the ``conventions`` of the person. A mapping has those for every row canonical, and those that
    texts mean as they would stand in the column.
    """
    mapping = intake.mapping
    values: dict[str, Any] = {"carried": [str(place) for place in mapping.carried]}
    for wanted in fields:
        name = wanted.name
        place = intake.suggestion.place_of(name)
        constant = mapping.constants.get(name)
        values[f"column.{name}"] = (
            CONSTANT_CHOICE if constant is not None else None if place is None else str(place)
        )
        values[f"constant.{name}"] = constant and shown_text(wanted.column, constant, conventions)
        values[f"pad.{name}"] = name in mapping.widths
        for number, text in enumerate(offers.texts.get(name, ())):
            taken = mapping.values.get(name, {}).get(text)
            in_file = _conventions_in_file(intake, place)
            values[f"value.{name}.{number}"] = taken and _rewritten(
                wanted.column, taken, in_file, conventions
            )
    return values


def _conventions_in_file(intake: Intake, place: int | None) -> Conventions:
    """Return the conventions of the file's column at ``place``."""
    return CANONICAL if place is None else conventions_of(intake.reading.column(place))


def _rewritten(column: Column, text: str, before: Conventions, after: Conventions) -> str:
    """Return ``text``, a number written by the conventions ``before``, as those ``after`` write it; any other text as it is."""
    try:
        return shown_text(column, canonical_text(column, text, before), after)
    except CellError:
        return text


def intake_from_form(
    bound: BoundForm,
    intake: Intake,
    fields: Sequence[IntakeField],
    offers: MappingOffers,
    conventions: Conventions = CANONICAL,
) -> Intake:
    """Return ``intake`` with the mapping in the form ``bound``, in which numbers are written by the ``conventions``."""
    values = bound.values
    by_name = {wanted.name: wanted for wanted in fields}
    chosen: dict[str, str | None] = {wanted.name: values.get(f"column.{wanted.name}") for wanted in fields}
    for name, choice in chosen.items():
        if choice is None and values.get(f"constant.{name}"):
            chosen[name] = CONSTANT_CHOICE  # A value without a column is for every row.
    columns = {name: int(choice) for name, choice in chosen.items() if choice not in (None, CONSTANT_CHOICE)}
    mapping = IntakeMapping(
        columns=columns,
        constants={
            name: _rewritten(
                by_name[name].column, values.get(f"constant.{name}") or "", conventions, CANONICAL
            )
            for name, choice in chosen.items()
            if choice == CONSTANT_CHOICE
        },
        values={
            name: texts
            for name, place in columns.items()
            if (texts := _values(bound, intake, by_name[name], place, offers, conventions))
        },
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


def _reason(name: str, mapping: IntakeMapping, intake: Intake) -> str:
    before = intake.mapping
    same = (mapping.columns.get(name), mapping.constants.get(name)) == (
        before.columns.get(name),
        before.constants.get(name),
    )
    return intake.suggestion.reasons.get(name, BY_YOU) if same else BY_YOU


def _values(
    bound: BoundForm,
    intake: Intake,
    wanted: IntakeField,
    place: int,
    offers: MappingOffers,
    conventions: Conventions,
) -> dict[str, str]:
    """Return the meanings of texts in the file's column at ``place``, which fills ``wanted``: as chosen, or as before if not offered."""
    name, in_file = wanted.name, _conventions_in_file(intake, place)
    offered = offers.texts.get(name, {})
    texts = {
        text: taken for text, taken in intake.mapping.values.get(name, {}).items() if text not in offered
    }
    for number, text in enumerate(offered):
        taken = bound.values.get(f"value.{name}.{number}")
        if taken:
            texts[text] = _rewritten(wanted.column, taken, conventions, in_file)
    return texts


def check_mapping(
    bound: BoundForm,
    intake: Intake,
    fields: Sequence[IntakeField],
    offers: MappingOffers,
    conventions: Conventions = CANONICAL,
) -> None:
    """Add errors to ``bound`` for texts that cannot be stored, with numbers written by the ``conventions``, and for missing fields."""
    for wanted in fields:
        name = wanted.name
        if name in intake.mapping.constants:
            _check_text(bound, f"constant.{name}", wanted, conventions)
        elif bound.values.get(f"constant.{name}"):
            bound.add_error(
                f"constant.{name}",
                "A column is chosen as well: clear this value, or choose “Same value for every row” instead.",
            )
        for number, text in enumerate(offers.texts.get(name, ())):
            if text in intake.mapping.values.get(name, {}):
                _check_text(bound, f"value.{name}.{number}", wanted, conventions)
    if len(intake.mapping.carried) > MOST_CARRIED:
        bound.add_error(
            "carried",
            f"At most {MOST_CARRIED} other columns can be kept: choose fewer. All of them stay in the file.",
        )
    for wanted in intake.suggestion.missing(fields):
        bound.add_error(
            f"column.{wanted.name}",
            f"{wanted.label} is needed: choose its column, or the same value for every row, which may be empty.",
        )


def _check_text(bound: BoundForm, name: str, wanted: IntakeField, conventions: Conventions) -> None:
    try:
        parse(wanted.column, bound.values.get(name) or "", conventions)
    except CellError as error:
        bound.add_error(name, error.message)
