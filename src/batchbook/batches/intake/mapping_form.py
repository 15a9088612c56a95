"""The form by which people choose the column of each field, and say what is done with its texts."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from batchbook.batches.intake.fields import IntakeField
from batchbook.batches.intake.kept import Intake, storable_json
from batchbook.batches.intake.lengths import Padding
from batchbook.batches.intake.mapping import IntakeMapping, heading_or_number
from batchbook.batches.intake.memory import LONGEST_NAME
from batchbook.batches.intake.suggesting import BY_YOU, Suggestion
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import CellError, Choice, Kind, parse

#: What stands for one text in all rows, instead of a column.
CONSTANT = "constant"
#: How many columns rows can keep besides their fields: one of PostgreSQL's holds no more in its 8 kB.
MOST_CARRIED = 200
_SHOWN = 60


@dataclass(frozen=True)
class Offers:
    """What a mapping page offers besides columns: paddings by field, and by field the texts that it does not take."""

    paddings: Mapping[str, Padding] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def mark(self, intake: Intake) -> str:
        """Return a text that is another one as soon as the form is about other columns or texts than before."""
        widths = {name: padding.width for name, padding in self.paddings.items()}
        texts = {name: [*found] for name, found in self.texts.items()}
        said = [intake.report.headings, intake.reading.to_json(), intake.mapping.to_json(), widths, texts]
        return f"{zlib.crc32(json.dumps(storable_json(said)).encode()):08x}"


def mapping_form(intake: Intake, fields: Sequence[IntakeField], offers: Offers, *, carries: bool) -> Form:
    """Return the form for the columns of ``fields``; with ``carries`` other columns can be kept as well."""
    headings = intake.report.headings
    columns = [
        Choice(str(place), heading_or_number(heading, place)) for place, heading in enumerate(headings)
    ]
    items = [item for wanted in fields for item in _about(wanted, columns, offers)]
    if carries:
        items.append(
            Field.of(
                "carried", Kind.CHOICE, label="Keep as well", widget="checkboxes", choices=tuple(columns)
            )
        )
    items.append(
        Field.of("save_as", Kind.TEXT, label="Save this mapping as", max_length=LONGEST_NAME, help=_SAVED)
    )
    return Form(items)


_SAVED = "Under a name it can be chosen for other files, also by the command line. A name that there is already gets this one."


def _about(wanted: IntakeField, columns: Sequence[Choice], offers: Offers) -> Iterator[Field]:
    name = wanted.name
    choices = (Choice(CONSTANT, "The same text in all rows"), *columns)
    yield Field.of(f"column.{name}", Kind.CHOICE, label=f"Column for {wanted.label}", choices=choices)
    yield Field.of(f"constant.{name}", Kind.TEXT, label=f"{wanted.label} in all rows", max_length=1_000)
    if name in offers.paddings:
        width = offers.paddings[name].width
        yield Field.of(f"pad.{name}", Kind.BOOLEAN, label=f"Pad with zeros to {width} digits")
    for number, text in enumerate(offers.texts.get(name, ())):
        label = f"{wanted.label}: “{text[:_SHOWN]}” means"
        yield Field.of(f"value.{name}.{number}", Kind.TEXT, label=label, max_length=1_000)


def shown(intake: Intake, fields: Sequence[IntakeField], offers: Offers) -> dict[str, Any]:
    """Return what the form shows: the mapping as it is, and guesses where it says nothing."""
    mapping = intake.mapping
    values: dict[str, Any] = {"carried": [str(place) for place in mapping.carried]}
    for wanted in fields:
        name = wanted.name
        place = intake.suggestion.place_of(name)
        constant = mapping.constants.get(name)
        values[f"column.{name}"] = CONSTANT if constant is not None else None if place is None else str(place)
        values[f"constant.{name}"] = constant
        values[f"pad.{name}"] = name in mapping.widths
        for number, text in enumerate(offers.texts.get(name, ())):
            values[f"value.{name}.{number}"] = mapping.values.get(name, {}).get(text)
    return values


def decided_by(bound: BoundForm, intake: Intake, fields: Sequence[IntakeField], offers: Offers) -> Intake:
    """Return ``intake`` with the mapping that the form ``bound`` says; what it says of texts must be values."""
    values = bound.values
    chosen = {wanted.name: _choice(values, wanted.name) for wanted in fields}
    columns = {name: int(choice) for name, choice in chosen.items() if choice not in (None, CONSTANT)}
    mapping = IntakeMapping(
        columns=columns,
        constants={
            name: values.get(f"constant.{name}") or ""
            for name, choice in chosen.items()
            if choice == CONSTANT
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
    return CONSTANT if choice is None and values.get(f"constant.{name}") else choice


def _reason(name: str, mapping: IntakeMapping, intake: Intake) -> str:
    before = intake.mapping
    same = (mapping.columns.get(name), mapping.constants.get(name)) == (
        before.columns.get(name),
        before.constants.get(name),
    )
    return intake.suggestion.reasons.get(name, BY_YOU) if same else BY_YOU


def _values(
    bound: BoundForm, before: IntakeMapping, columns: Mapping[str, int], offers: Offers
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


def check(bound: BoundForm, intake: Intake, fields: Sequence[IntakeField], offers: Offers) -> None:
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
