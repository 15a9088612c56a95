"""Parameters of commands: numbers, texts and ``key=value`` pairs, each checked by click."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click


class Text(click.ParamType[str]):
    """A text that a database can store."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text."""
        try:
            value.encode()
        except UnicodeEncodeError:
            self.fail("It is not text in UTF-8.", param, ctx)
        return str(value)


TEXT = Text()


_Command = TypeVar("_Command", bound=Callable[..., Any])

_NUMBER = re.compile(r"[0-9]{1,18}")


class Number(click.ParamType[int]):
    """A number of a batch or row, with or without leading zeros."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if isinstance(value, int):
            return value
        if not _NUMBER.fullmatch(value):
            self.fail(f"“{value}” is no number.", param, ctx)
        return int(value)


class Pair(click.ParamType[tuple[str, str]]):
    """A ``key=value`` pair; the value may be empty and may hold further equals signs."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return key and value."""
        if isinstance(value, tuple):
            return value
        key, sign, text = TEXT.convert(value, param, ctx).partition("=")
        if not (sign and key.strip()):
            self.fail(f"“{value}” is not of the form key=value.", param, ctx)
        return key.strip(), text


NUMBER = Number()
PAIR = Pair()


def batch_argument(command: _Command) -> _Command:
    """Give a command the argument ID, which it gets as ``batch_id``."""
    return click.argument("batch_id", metavar="ID", type=NUMBER)(command)


def sequence_argument(command: _Command) -> _Command:
    """Give a command the argument SEQUENCE: a row's number in its batch."""
    return click.argument("sequence", type=NUMBER)(command)


def acting(command: _Command) -> _Command:
    """Give a command that changes something the option ``--as``, which it gets as ``actor``."""
    text = "The user who acts, and whose permissions count."
    return click.option("--as", "actor", metavar="USER", required=True, type=TEXT, help=text)(command)


def reading(command: _Command) -> _Command:
    """Give a command that only reads the option ``--as``, which it gets as ``reader``, ``None`` for everything."""
    text = "Show only what this user may see."
    return click.option("--as", "reader", metavar="USER", type=TEXT, help=text)(command)


def values_option(text: str, *, required: bool = False) -> Callable[[_Command], _Command]:
    """Give a command the option ``--set``, which it gets as the mapping ``values``; ``text`` is its help."""
    return click.option(
        "--set", "values", multiple=True, required=required, type=PAIR, callback=_once_each, help=text
    )


def execution_options(command: _Command) -> _Command:
    """Give a command the option ``--option``: a mapping ``options``, with a list where a key is given repeatedly."""
    text = "An option of the execution; a key may be repeated to choose several."
    return click.option("--option", "options", multiple=True, type=PAIR, callback=_grouped, help=text)(
        command
    )


def at_option(command: _Command) -> _Command:
    """Give a command the option ``--at``: a day and time, as text."""
    text = "The day and time, such as “2026-12-01 06:00”."
    return click.option("--at", metavar="TIME", required=True, type=TEXT, help=text)(command)


def zone_option(command: _Command) -> _Command:
    """Give a command the option ``--zone``: the name of a time zone, ``None`` for that of the user."""
    text = "The zone of the time, such as Europe/Berlin; by default the user's, or else that of the site."
    return click.option("--zone", metavar="ZONE", type=TEXT, help=text)(command)


def background_option(command: _Command) -> _Command:
    """Give a command the flag ``--background``: to hand over what takes its time."""
    text = "Hand it over to those who run jobs, and print the job's number."
    return click.option("--background", is_flag=True, help=text)(command)


def no_options(command: _Command) -> _Command:
    """Say why there is no ``--option`` here to somebody who tries it."""
    return click.option(
        "--option", multiple=True, hidden=True, expose_value=False, is_eager=True, callback=_refuse_options
    )(command)


def _once_each(
    _context: click.Context, _parameter: click.Parameter, pairs: tuple[tuple[str, str], ...]
) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, text in pairs:
        if key in values:
            raise click.BadParameter(f"“{key}” is given more than once.")
        values[key] = text
    return values


def _grouped(
    _context: click.Context, _parameter: click.Parameter, pairs: tuple[tuple[str, str], ...]
) -> dict[str, str | list[str]]:
    groups: dict[str, list[str]] = {}
    for key, text in pairs:
        groups.setdefault(key, []).append(text)
    return {key: texts if len(texts) > 1 else texts[0] for key, texts in groups.items()}


def _refuse_options(context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> None:
    if given:
        raise click.UsageError(f"{context.info_name} takes no options; execute does.")
