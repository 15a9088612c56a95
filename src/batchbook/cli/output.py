"""What commands print: sentences for people, or with ``--json`` one JSON value for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import click

from batchbook.db.storable import raw_text

_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """Give a command the flag ``--json``; the command gets it as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")(command)


def quiet_option(command: _Command) -> _Command:
    """Give a command that takes its time the flag ``--quiet``."""
    return click.option("--quiet", is_flag=True, help="Do not show how far it is.")(command)


def show(as_json: bool, data: Any, *sentences: str) -> None:
    """Print ``data`` as JSON, or else the sentences, a line each."""
    click.echo(to_json(data) if as_json else "\n".join(map(plain, sentences)))


def plain(text: object) -> str:
    """Return ``text`` in one line and without control characters, by which a file could take over the terminal."""
    return "".join(character if character.isprintable() else " " for character in str(text))


def to_json(data: Any) -> str:
    """Return ``data`` as JSON text: decimals as text, so that they stay exact, and moments in ISO 8601."""
    return json.dumps(data, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):  # Somebody put it where a text should be.
        return raw_text(value)
    raise TypeError(f"{value!r} has no JSON form here.")
