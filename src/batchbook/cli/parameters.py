"""Arguments and options that several commands have, and their types, which click checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click

from batchbook.batches.handler import CONFIRM, REASON


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
            self.fail(f"“{value}” is not a number.", param, ctx)
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


_NEGATIVE = re.compile(r"-[0-9.,][^\s]*")


class ValueCommand(click.Command):
    """A command whose arguments may be negative numbers, which click would take for options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; other words that begin with a hyphen are options as ever."""
        known = {name for parameter in self.params for name in (*parameter.opts, *parameter.secondary_opts)}
        words = args[: args.index("--")] if "--" in args else args
        dashed = {word.partition("=")[0] for word in words if word.startswith("-") and len(word) > 1}
        numbers = {word for word in dashed if _NEGATIVE.fullmatch(word)}
        ctx.ignore_unknown_options = bool(numbers) and dashed - numbers <= known | set(ctx.help_option_names)
        return super().parse_args(ctx, args)


NUMBER = Number()
PAIR = Pair()


def batch_argument(command: _Command) -> _Command:
    """Give a command the argument ID, which it gets as ``batch_id``."""
    return click.argument("batch_id", metavar="ID", type=NUMBER)(command)


def sequence_argument(command: _Command) -> _Command:
    """Give a command the argument SEQUENCE: a row's number in its batch."""
    return click.argument("sequence", type=NUMBER)(command)


def actor_option(command: _Command) -> _Command:
    """Give a command the option ``--as``, which it gets as ``actor``: the user on whose behalf it makes a change."""
    text = "The user on whose behalf to act, with that user's permissions."
    return click.option("--as", "actor", metavar="USER", required=True, type=TEXT, help=text)(command)


def reader_option(command: _Command) -> _Command:
    """Give a command that only reads the option ``--as``, which it gets as ``reader``; ``None`` shows everything."""
    text = "Show only what this user may see."
    return click.option("--as", "reader", metavar="USER", type=TEXT, help=text)(command)


def values_option(text: str, *, required: bool = False) -> Callable[[_Command], _Command]:
    """Return a decorator that adds the option ``--set``, passed as the mapping ``values``; ``text`` is its help."""
    return click.option(
        "--set", "values", multiple=True, required=required, type=PAIR, callback=_unique_keys, help=text
    )


def execution_options(command: _Command) -> _Command:
    """Give a command ``--option`` and ``--confirm``, passed together as the mapping ``options``; a repeated key has a list."""

    @wraps(command)
    def with_confirmations(
        *arguments: Any, confirm: tuple[str, ...], reason: str | None, **values: Any
    ) -> Any:
        options = values["options"] | given_reason(reason)
        if confirm:
            sent = options.get(CONFIRM, [])
            options = {**options, CONFIRM: [*([sent] if isinstance(sent, str) else sent), *confirm]}
        return command(*arguments, **{**values, "options": options})

    text = "Confirm a warning of the execution by its name, or “all”; may be repeated."
    confirmation = click.option("--confirm", metavar="NAME", multiple=True, type=TEXT, help=text)
    return cast("_Command", unconfirmed_options(confirmation(_reason(with_confirmations))))


def reason_option(command: _Command) -> _Command:
    """Give a command the option ``--reason``, passed in the mapping ``options``, and a hidden ``--option``, which is refused."""

    @wraps(command)
    def with_reason(*arguments: Any, reason: str | None, **values: Any) -> Any:
        return command(*arguments, **{**values, "options": given_reason(reason)})

    return cast("_Command", no_options(_reason(with_reason)))


def _reason(command: _Command) -> _Command:
    text = "The reason for it, which the history keeps."
    return click.option("--reason", metavar="TEXT", type=TEXT, help=text)(command)


def edit_reason_option(command: _Command) -> _Command:
    """Give a command that edits the option ``--reason``, passed as ``reason``."""
    text = "The reason for the edit, which the history keeps. The policy of a type may demand it for large changes."
    return click.option("--reason", metavar="TEXT", type=TEXT, help=text)(command)


def given_reason(reason: str | None) -> dict[str, str]:
    """Return the reason of a command among the options of an action; empty without one."""
    return {REASON: reason} if reason else {}


def unconfirmed_options(command: _Command) -> _Command:
    """Give a command ``--option``, passed as the mapping ``options``; a repeated key has a list."""
    text = "An option of the execution. Repeat a key to choose several values."
    return click.option("--option", "options", multiple=True, type=PAIR, callback=_grouped, help=text)(
        command
    )


def several_options(command: _Command) -> _Command:
    """Give a command that executes several batches ``--option`` and ``--reason``, passed together as ``options``."""

    @wraps(command)
    def with_reason(*arguments: Any, reason: str | None, **values: Any) -> Any:
        return command(*arguments, **{**values, "options": values["options"] | given_reason(reason)})

    return unconfirmed_options(cast("_Command", _reason(with_reason)))


def at_option(command: _Command) -> _Command:
    """Give a command the option ``--at``, a date and time as text."""
    text = "The date and time, such as “2026-12-01 06:00”."
    return click.option("--at", metavar="TIME", required=True, type=TEXT, help=text)(command)


def zone_option(command: _Command) -> _Command:
    """Give a command the option ``--zone``, the name of a time zone; ``None`` means that of the user."""
    text = (
        "The time zone of --at, such as Europe/Berlin. By default that of the user, or else of the settings."
    )
    return click.option("--zone", metavar="ZONE", type=TEXT, help=text)(command)


def background_option(command: _Command) -> _Command:
    """Give a command the flag ``--background``, which enqueues a job and does not wait for it."""
    text = "Run it as a background job, and print the job's number."
    return click.option("--background", is_flag=True, help=text)(command)


def no_options(command: _Command) -> _Command:
    """Give a command a hidden ``--option``, whose use is refused with a pointer to ``execute``."""
    return click.option(
        "--option", multiple=True, hidden=True, expose_value=False, is_eager=True, callback=_refuse_options
    )(command)


def _unique_keys(
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


def _refuse_options(context: click.Context, _parameter: click.Parameter, options: tuple[str, ...]) -> None:
    if options:
        raise click.UsageError(f"{context.info_name} takes no options; only execute does.")
