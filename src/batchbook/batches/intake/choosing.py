"""Choosing columns by pairs of names, as commands do: which heading fills which field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from batchbook.batches.intake.fields import IntakeField
from batchbook.batches.intake.kept import Intake
from batchbook.batches.intake.mapping import IntakeMapping
from batchbook.batches.intake.names import normal
from batchbook.batches.intake.reader import constant_of
from batchbook.batches.intake.suggesting import BY_YOU, Suggestion
from batchbook.errors import BadInput
from batchbook.tables import listed

#: Stands before a text for all rows, where a heading is expected.
CONSTANT = "="


def choose(intake: Intake, fields: Sequence[IntakeField], pairs: Iterable[tuple[str, str]]) -> Intake:
    """Return ``intake`` with what ``pairs`` of a field and a heading choose, besides what is certain already.

    In place of a heading stands ``=`` with a text for all rows, or nothing for a field that is left empty. Raises
    ``BadInput`` for a field or heading that there is not, and for a text that the field does not take.
    """
    mapping, chosen = intake.mapping, set[str]()
    for name, heading in pairs:
        wanted = _field_called(name, fields)
        chosen.add(wanted.name)
        mapping = _filled(mapping, wanted, heading, intake)
    suggestion = intake.suggestion
    guesses = {name: place for name, place in suggestion.guesses.items() if name not in chosen}
    reasons = {**suggestion.reasons, **dict.fromkeys(chosen, BY_YOU)}
    return replace(intake, suggestion=Suggestion(mapping, guesses, reasons), decided=True)


def _field_called(name: str, fields: Sequence[IntakeField]) -> IntakeField:
    known = normal(name)
    found = [one for one in fields if known in {normal(one.name), normal(one.label), normal(one.heading)}]
    if len(found) != 1:
        names = ", ".join(one.heading for one in fields)
        raise BadInput(f"There is no field “{name[:60]}” to take from a file. Its fields: {names}.")
    return found[0]


def _filled(mapping: IntakeMapping, wanted: IntakeField, heading: str, intake: Intake) -> IntakeMapping:
    columns = {name: place for name, place in mapping.columns.items() if name != wanted.name}
    constants = {name: text for name, text in mapping.constants.items() if name != wanted.name}
    if not heading or heading.startswith(CONSTANT):
        constants[wanted.name] = heading[1:]
        constant_of(wanted, heading[1:])
    else:
        columns[wanted.name] = _place_of(heading, intake)
    return replace(mapping, columns=columns, constants=constants)


def _place_of(heading: str, intake: Intake) -> int:
    headings = intake.report.headings
    for form in (str, lambda text: text.strip().lower(), normal):
        places = [place for place, one in enumerate(headings) if form(one) == form(heading)]
        if len(places) == 1:
            return places[0]
    name, found = intake.report.name, listed([one.strip() for one in headings if one.strip()][:20])
    if places:
        raise BadInput(f"“{name}” has the column “{heading[:60]}” {len(places)} times: rename one of them.")
    raise BadInput(f"“{name}” has no column “{heading[:60]}”. Found: {found}.")
