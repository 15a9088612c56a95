"""Commands and options about files: how one is read, and which of its columns fills which field."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.file_intake import file_source_of, intake_fields
from batchbook.batches.intake import saved_mappings
from batchbook.batches.intake.field_mapping import IntakeField
from batchbook.batches.intake.file_inspection import (
    GuessedText,
    Intake,
    Unmapped,
    needs_decision,
    refuse_guessed_text,
    refuse_unmapped,
)
from batchbook.batches.intake.file_source import store_intake
from batchbook.batches.intake.mapping_form import choose_columns
from batchbook.batches.intake.reading_form import DELIMITERS
from batchbook.cli.installation import Installation
from batchbook.cli.output import aligned, json_option, plain_value, print_result
from batchbook.cli.parameters import PAIR, TEXT
from batchbook.errors import TooLarge
from batchbook.tables.inspection import inspect_table
from batchbook.tables.layout.encoding import ODD_LINES
from batchbook.tables.layout.languages import known_encoding
from batchbook.tables.report import ColumnReading, Reading, Report
from batchbook.web import MAX_UPLOAD_BYTES
from batchbook.words import quoted_list


def open_to_send(site: Installation, path: Path, outcome: str) -> BinaryIO:
    """Return the open file at ``path``; raise ``TooLarge``, with ``outcome`` as last sentence, as pages would."""
    size, limit = path.stat().st_size, MAX_UPLOAD_BYTES.whole(site.settings)
    if size > limit:
        raise TooLarge(
            f"“{name_to_send(path)}” has {size:,} bytes; the setting {MAX_UPLOAD_BYTES.name} allows {limit:,}. {outcome}"
        )
    return path.open("rb")


def name_to_send(path: Path) -> str:
    """Return the name of the file at ``path`` as a text: a file system takes names that are none."""
    return os.fsencode(path.name).decode(errors="replace")


_Command = TypeVar("_Command", bound=Callable[..., Any])

#: How many columns that nothing is taken from are named.
_NAMED = 20
_DELIMITERS = {**DELIMITERS, "\\t": "\t"}
_SIGNS = {"point": ".", ".": ".", "comma": ",", ",": ","}


class Encoding(click.ParamType[str]):
    """An encoding of text, by one of the names that Python has for it."""

    name = "encoding"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return Python's own name of it."""
        known = known_encoding(value)
        if known is None:
            self.fail(
                f"“{value}” is not an encoding of text, such as utf-8, cp1252, cp1251 or gb18030.", param, ctx
            )
        return known


ENCODING = Encoding()

_READING = (
    click.option(
        "--encoding", type=ENCODING, help="The encoding of a text, by any name that Python has for it."
    ),
    click.option(
        "--odd-lines", type=ENCODING, help="The encoding of the lines that are not UTF-8 where most are."
    ),
    click.option(
        "--delimiter",
        type=TEXT,
        help="What separates cells: a character, or tab, comma, semicolon, bar, colon.",
    ),
    click.option("--sheet", type=TEXT, help="The name of the sheet of a workbook."),
    click.option(
        "--header-row", type=click.IntRange(0), help="The row with the headings, counted from 1; 0 for none."
    ),
    click.option("--decimal", type=click.Choice(list(_SIGNS)), help="The decimal sign of all columns."),
    click.option(
        "--dates", type=click.Choice(["ymd", "dmy", "mdy"]), help="The order that dates of all columns have."
    ),
)


def reading_options(command: _Command) -> _Command:
    """Give a command the options that say how a file is read; :func:`reading_of` takes what they give."""
    return reduce(lambda taken, option: option(taken), reversed(_READING), command)


def mapping_options(command: _Command) -> _Command:
    """Give a command ``--mapping``, the name of a saved mapping, and ``--map``, pairs of a field and a heading."""
    pairs = click.option(
        "--map",
        "pairs",
        multiple=True,
        type=PAIR,
        help="A field and the heading of its column; field==text for one text in all rows. May be repeated.",
    )
    return click.option("--mapping", type=TEXT, help="The name of a saved mapping to use.")(pairs(command))


@dataclass(frozen=True)
class Choices:
    """What a command says of a file: how it is read, and which columns fill which fields."""

    reading: Reading = Reading()  # noqa: RUF009 - It cannot change.
    of_columns: ColumnReading = ColumnReading()  # noqa: RUF009 - It cannot change.
    mapping: str | None = None
    pairs: Sequence[tuple[str, str]] = ()


def choices_of(given: Mapping[str, Any]) -> Choices:
    """Return what the options of :func:`reading_options` and :func:`mapping_options` say."""
    delimiter = given["delimiter"] or ""
    reading = Reading(
        encoding=given["encoding"] or "",
        odd_lines=given["odd_lines"] or "",
        delimiter=_DELIMITERS.get(delimiter, delimiter),
        sheet=given["sheet"] or "",
        header_row=given["header_row"],
    )
    columns = ColumnReading(_SIGNS.get(given["decimal"] or "", ""), given["dates"] or "")  # type: ignore[arg-type]
    return Choices(reading, columns, given.get("mapping"), given.get("pairs", ()))


def take_in(context: ActionContext, choices: Choices, *, demand: bool) -> None:
    """Look at the batch's file as ``choices`` say, and keep with it what was found and chosen.

    With ``demand`` raises ``BadInput`` where a field that must be filled has no column, and says how to choose one.
    What was chosen is remembered for who sent the file.
    """
    fields = intake_fields(context)
    source = file_source_of(context)
    place = source.mapping_scope(context.batch)
    remembered = (
        saved_mappings.find_mapping(context.session, place, choices.mapping) if choices.mapping else None
    )
    intake = source.inspect(context.handler, context.batch, choices.reading, remembered)
    if choices.of_columns != ColumnReading():
        intake = source.inspect(
            context.handler, context.batch, _with_columns(intake.report, choices), remembered
        )
    if choices.pairs or choices.mapping:
        intake = replace(choose_columns(intake, fields, choices.pairs), name=choices.mapping or "")
        store_intake(context.batch, intake)
    if choices.pairs or choices.mapping or choices.reading.encoding or choices.reading.odd_lines:
        saved_mappings.save_mapping(
            context.session, place, intake.mapping, intake.chosen, by=context.actor, at=context.now
        )
    _warn(intake, fields)
    _tell_unused(intake, fields)
    if demand:
        _demand(intake, fields)


def _with_columns(report: Report, choices: Choices) -> Reading:
    return replace(choices.reading, columns=(choices.of_columns,) * len(report.columns))


def _demand(intake: Intake, fields: Sequence[IntakeField]) -> None:
    try:
        refuse_unmapped(intake, fields)
    except Unmapped as error:
        first = error.fields[0]
        guess = intake.suggestion.guesses.get(first.name)
        heading = "HEADING" if guess is None else f"“{intake.report.headings[guess].strip()[:60]}”"
        raise Unmapped(
            f"{error.message} Say which column it is, such as --map {first.heading}={heading}, or give one text for all"
            f" rows: --map {first.heading}==TEXT. Nothing was created.",
            error.fields,
        ) from error
    try:
        refuse_guessed_text(intake, fields)
    except GuessedText as guess:
        option = "--odd-lines" if guess.code == ODD_LINES else "--encoding"
        first_reading = intake.report.readings[0].encoding
        raise GuessedText(
            f"{guess.message} Say which it is, such as {option} {first_reading}. Nothing was created.",
            guess.code,
        ) from guess


def _warn(intake: Intake, fields: Sequence[IntakeField]) -> None:
    for note in intake.report.notes:
        if needs_decision(note, fields, intake.mapping):
            click.echo(plain_value(note.message), err=True)


def _tell_unused(intake: Intake, fields: Sequence[IntakeField]) -> None:
    lacking = [one.heading for one in fields if not intake.mapping.fills(one.name)]
    if intake.suggestion.unused and lacking:
        click.echo(
            plain_value(
                f"Nothing is taken from {quoted_list(intake.suggestion.unused[:_NAMED])}, and nothing fills {', '.join(lacking)}."
                " Say --map FIELD=HEADING where one belongs to the other."
            ),
            err=True,
        )


@click.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reading_options
@json_option
def inspect_file(file: Path, as_json: bool, **given: Any) -> None:
    """Say what is in FILE and how it would be read, without taking anything from it."""
    choices = choices_of(given)
    with file.open("rb") as opened:
        report = inspect_table(file.name, opened, choices.reading)
        if choices.of_columns != ColumnReading():
            report = inspect_table(file.name, opened, _with_columns(report, choices))
    print_result(as_json, report.to_json(), *_lines(report))


def _lines(report: Report) -> Iterator[str]:
    reading = report.reading
    facts = [
        ("Kind of file", reading.format.upper()),
        ("Encoding", reading.encoding),
        ("Odd lines", reading.odd_lines),
        ("Delimiter", {"\t": "tab"}.get(reading.delimiter, reading.delimiter)),
        ("Sheet", reading.sheet),
        ("Row with the headings", str(reading.header_row)),
        ("Rows", f"{report.rows:,}"),
        ("Blank rows", f"{report.blank_rows:,}" if report.blank_rows else ""),
        ("Left out", ", ".join(map(str, reading.left_out or ()))),
    ]
    yield from aligned([(word, text) for word, text in facts if text])
    yield from ("", "Columns")
    yield from aligned(
        [
            (column.heading.strip() or f"Column {number}", f"{column.kind}. {column.evidence}".strip())
            for number, column in enumerate(report.columns, start=1)
        ],
        "  ",
    )
    if report.readings:
        yield from ("", "The same texts in likely encodings")
        yield from aligned(
            [(f"{one.encoding} ({one.language})", ", ".join(one.texts)) for one in report.readings], "  "
        )
    if report.notes:
        yield from ("", "Noticed")
        yield from (f"  {note.message}" for note in report.notes)
