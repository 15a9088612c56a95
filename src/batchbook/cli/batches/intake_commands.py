"""The command ``inspect``, and options that say how a file is read and which of its columns fills which field."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.file_intake import demand_file, file_source_of, intake_fields, store_choices
from batchbook.batches.intake import saved_mappings
from batchbook.batches.intake.field_mapping import IntakeField
from batchbook.batches.intake.file_inspection import (
    Intake,
    Undecided,
    Unmapped,
    needs_decision,
    refuse_undecided,
    refuse_unmapped,
    refuse_unreadable,
)
from batchbook.batches.intake.mapping_form import choose_columns
from batchbook.batches.intake.reading_form import DELIMITERS, FORMATS, QUOTINGS
from batchbook.cli.installation import Installation
from batchbook.cli.output import aligned, json_option, print_result, printable
from batchbook.cli.parameters import PAIR, TEXT
from batchbook.errors import TooLarge
from batchbook.tables.errors import Unreadable
from batchbook.tables.formats.file_type import TEXT_FORMATS
from batchbook.tables.inspection import inspect_table
from batchbook.tables.layout.encoding import ENCODING_GUESSED, ODD_LINES
from batchbook.tables.layout.languages import known_encoding
from batchbook.tables.layout.unlike_rows import HIDDEN_ROWS, UNLIKE_ROWS
from batchbook.tables.profile.conventions import OPEN_ORDER, OPEN_SIGN, PERCENT_SIGNS
from batchbook.tables.report import ColumnReading, Reading, Report
from batchbook.web import MAX_UPLOAD_BYTES
from batchbook.words import quoted_list


def open_upload(installation: Installation, path: Path, outcome: str) -> BinaryIO:
    """Return the open file at ``path``. Raises ``TooLarge`` with ``outcome`` as last sentence, as pages do."""
    size, limit = path.stat().st_size, MAX_UPLOAD_BYTES.whole(installation.settings)
    if size > limit:
        raise TooLarge(
            f"“{upload_name(path)}” has {size:,} bytes; the setting {MAX_UPLOAD_BYTES.name} allows {limit:,}. {outcome}"
        )
    return path.open("rb")


def upload_name(path: Path) -> str:
    """Return the name of the file at ``path`` as text, with bytes replaced that are not text in UTF-8."""
    return os.fsencode(path.name).decode(errors="replace")


_Command = TypeVar("_Command", bound=Callable[..., Any])

#: The most unused columns that are named.
_MOST_NAMED = 20
_DELIMITERS = {**DELIMITERS, "\\t": "\t"}
_DECIDING = {
    OPEN_SIGN: "--decimal point or --decimal comma",
    OPEN_ORDER: "--dates dmy or --dates mdy",
    HIDDEN_ROWS: "--skip hidden or --take hidden",
    PERCENT_SIGNS: "--percent points or --percent fraction",
}
_SIGNS = {"point": ".", ".": ".", "comma": ",", ",": ","}


class Encoding(click.ParamType[str]):
    """An encoding of text, by any name that Python knows."""

    name = "encoding"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return Python's own name of the encoding."""
        known = known_encoding(value)
        if known is None:
            self.fail(
                f"“{value}” is not an encoding of text, such as utf-8, cp1252, cp1251 or gb18030.", param, ctx
            )
        return known


ENCODING = Encoding()

_READING = (
    click.option(
        "--format",
        "text_format",
        type=click.Choice([name for name, _ in FORMATS]),
        help="The format of a text file: delimited text is csv.",
    ),
    click.option("--encoding", type=ENCODING, help="The encoding of a text file, such as cp1252."),
    click.option(
        "--odd-lines",
        type=ENCODING,
        help="The encoding of single lines that are not UTF-8, where the rest is.",
    ),
    click.option(
        "--delimiter",
        type=TEXT,
        help="The delimiter of a text file: a character, or tab, comma, semicolon, bar or colon.",
    ),
    click.option(
        "--quoting",
        type=click.Choice([name for name, _ in QUOTINGS]),
        help="What quotation marks of a text file mean.",
    ),
    click.option("--sheet", type=TEXT, help="The name of the sheet to read from a workbook."),
    click.option(
        "--header-row",
        type=click.IntRange(0),
        help="The number of the header row, counted from 1; 0 if there is none.",
    ),
    click.option(
        "--skip", multiple=True, type=click.Choice(list(UNLIKE_ROWS)), help="Rows to skip. May be repeated."
    ),
    click.option(
        "--take",
        multiple=True,
        type=click.Choice(list(UNLIKE_ROWS)),
        help="Rows to read as records. May be repeated.",
    ),
    click.option("--merged", type=click.Choice(["filled", "kept"]), help="Fill merged cells down, or not."),
    click.option("--decimal", type=click.Choice(list(_SIGNS)), help="The decimal separator of all columns."),
    click.option(
        "--percent",
        type=click.Choice(["points", "fraction"]),
        help="What a percent sign does: 7.5% is 7.5 by points, and 0.075 by fraction.",
    ),
    click.option(
        "--dates",
        type=click.Choice(["ymd", "dmy", "mdy"]),
        help="The order of year, month and day in all columns.",
    ),
)


def reading_options(command: _Command) -> _Command:
    """Give a command the options that say how a file is read; :func:`choices_of` takes their values."""
    return reduce(lambda taken, option: option(taken), reversed(_READING), command)


def mapping_options(command: _Command) -> _Command:
    """Give a command ``--mapping``, the name of a saved mapping, and ``--map``, pairs of a field and a heading."""
    pairs = click.option(
        "--map",
        "pairs",
        multiple=True,
        type=PAIR,
        help="A field and the heading of its column, or field==text for the same text in every row. May be repeated.",
    )
    return click.option("--mapping", type=TEXT, help="The name of a saved mapping to use.")(pairs(command))


@dataclass(frozen=True)
class Choices:
    """The choices that a command's options make: how a file is read, and which columns fill which fields."""

    reading: Reading = Reading()  # noqa: RUF009 - It cannot change.
    of_columns: ColumnReading = ColumnReading()  # noqa: RUF009 - It cannot change.
    mapping: str | None = None
    pairs: Sequence[tuple[str, str]] = ()


def choices_of(options: Mapping[str, Any]) -> Choices:
    """Return the choices that the values of :func:`reading_options` and :func:`mapping_options` make."""
    delimiter = options["delimiter"] or ""
    reading = Reading(
        format=options["text_format"] or "",
        encoding=options["encoding"] or "",
        odd_lines=options["odd_lines"] or "",
        delimiter=_DELIMITERS.get(delimiter, delimiter),
        quoting=options["quoting"] or "",
        sheet=options["sheet"] or "",
        header_row=options["header_row"],
        taken=options["take"],
        skipped=options["skip"],
        merged=options["merged"] or "",
    )
    columns = ColumnReading(
        _SIGNS.get(options["decimal"] or "", ""),  # type: ignore[arg-type]
        options["dates"] or "",
        percent=options["percent"] or "",
    )
    return Choices(reading, columns, options.get("mapping"), options.get("pairs", ()))


def inspect_and_map(context: ActionContext, choices: Choices, *, demand: bool) -> None:
    """Inspect the batch's file by ``choices``, and store with the batch what was found and chosen.

    The choices are remembered for the sender of the file. With ``demand``, raises ``BadInput`` if a required field has
    no column; its message says how to choose one.
    """
    fields = intake_fields(context)
    source = file_source_of(context)
    place = source.mapping_scope(context.batch)
    remembered = (
        saved_mappings.find_mapping(context.session, place, choices.mapping) if choices.mapping else None
    )
    demand_file(context)
    intake = source.inspect(context.handler, context.batch, choices.reading, remembered)
    if intake.report.problem:
        if demand:
            with _options_for_unreadable():
                refuse_unreadable(intake)
        click.echo(
            f"{printable(intake.report.problem)} The batch has no rows: choose on its page how the file is to be read.",
            err=True,
        )
        return
    if choices.of_columns != ColumnReading():
        intake = source.inspect(
            context.handler, context.batch, _with_columns(intake.report, choices), remembered
        )
    if choices.pairs or choices.mapping:
        intake = replace(choose_columns(intake, fields, choices.pairs), name=choices.mapping or "")
    _keep_choices(context, choices, intake)
    for note in intake.report.notes:
        if needs_decision(note, fields, intake.mapping):
            click.echo(printable(note.message), err=True)
    _report_unused(intake, fields)
    if demand:
        _demand(intake, fields)


def _keep_choices(context: ActionContext, choices: Choices, intake: Intake) -> None:
    """Record the choices, and remember those for the sender of the file that will hold for the next file, too."""
    if choices != Choices():
        store_choices(context, None, intake)
    reading, columns = choices.reading, choices.of_columns != ColumnReading()
    if choices.pairs or choices.mapping or columns or reading.encoding or reading.odd_lines:
        place = file_source_of(context).mapping_scope(context.batch)
        saved_mappings.save_mapping(
            context.session, place, intake.mapping, intake.chosen, by=context.actor, at=context.now
        )


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
            f"{error.message} Choose the column, such as --map {first.heading}={heading}, or give the same text for every"
            f" row: --map {first.heading}==TEXT. Nothing was created.",
            error.fields,
        ) from error
    try:
        refuse_undecided(intake, fields)
    except Undecided as error:
        raise Undecided(
            f"{error.message} Choose one, such as {_option_for(error.code, intake)}. Nothing was created.",
            error.code,
        ) from error


@contextmanager
def _options_for_unreadable() -> Iterator[None]:
    """Name the options that may help where a table cannot be read."""
    try:
        yield
    except Unreadable as error:
        ways = (
            "--format, --encoding, --delimiter, --quoting"
            if error.reading.format in TEXT_FORMATS
            else "--sheet"
        )
        raise Unreadable(
            f"{error.message} Nothing was created. If it is to be read otherwise, say how: {ways} or --header-row.",
            error.reading,
        ) from error


def _option_for(code: str, intake: Intake) -> str:
    """Return an option of the command that decides what the finding ``code`` leaves open."""
    if code in (ENCODING_GUESSED, ODD_LINES):
        option = "--odd-lines" if code == ODD_LINES else "--encoding"
        return f"{option} {intake.report.readings[0].encoding}"
    return _DECIDING[code]


def _report_unused(intake: Intake, fields: Sequence[IntakeField]) -> None:
    lacking = [one.heading for one in fields if not intake.mapping.fills(one.name)]
    if intake.suggestion.unused and lacking:
        click.echo(
            printable(
                f"No field takes {quoted_list(intake.suggestion.unused[:_MOST_NAMED])}, and no column fills {', '.join(lacking)}."
                " Match them by --map FIELD=HEADING if they belong together."
            ),
            err=True,
        )


@click.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reading_options
@json_option
def inspect_file(file: Path, as_json: bool, **options: Any) -> None:
    """Show what is in FILE and how it would be read, without creating anything."""
    choices = choices_of(options)
    with file.open("rb") as opened, _options_for_unreadable():
        report = inspect_table(file.name, opened, choices.reading)
        if choices.of_columns != ColumnReading():
            report = inspect_table(file.name, opened, _with_columns(report, choices))
    print_result(as_json, report.to_json(), *_lines(report))


def _lines(report: Report) -> Iterator[str]:
    reading = report.reading
    facts = [
        ("Format", reading.format.upper()),
        ("Encoding", reading.encoding),
        ("Odd lines", reading.odd_lines),
        ("Delimiter", {"\t": "tab"}.get(reading.delimiter, reading.delimiter)),
        ("Sheet", reading.sheet),
        ("Header row", str(reading.header_row)),
        ("Rows", f"{report.rows:,}"),
        ("Blank rows", f"{report.blank_rows:,}" if report.blank_rows else ""),
        ("Skipped rows", ", ".join(map(str, (reading.left_out or ())[:_MOST_NAMED]))),
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
        yield from ("", "Examples in likely encodings")
        yield from aligned(
            [(f"{one.encoding} ({one.language})", ", ".join(one.texts)) for one in report.readings], "  "
        )
    if report.notes:
        yield from ("", "Notes")
        yield from (f"  {note.message}" for note in report.notes)
