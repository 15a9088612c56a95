"""Output of commands: sentences and tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import click

from batchbook.batches import Batch
from batchbook.db.bulk_writing import chunked
from batchbook.db.stored_values import raw_text

_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """Give a command the flag ``--json``; the command gets it as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")(command)


def quiet_option(command: _Command) -> _Command:
    """Give a command that takes its time the flag ``--quiet``."""
    return click.option("--quiet", is_flag=True, help="Do not show how far it is.")(command)


def print_result(as_json: bool, data: Any, *sentences: str) -> None:
    """Print ``data`` as JSON, or else the sentences, a line each."""
    click.echo(to_json(data) if as_json else "\n".join(map(plain_value, sentences)))


def plain_value(text: object) -> str:
    """Return ``text`` in one line and without control characters, by which a file could take over the terminal."""
    return "".join(character if character.isprintable() else " " for character in str(text))


def to_json(data: Any) -> str:
    """Return ``data`` as JSON text: decimals as text, so that they stay exact, and moments in ISO 8601."""
    return json.dumps(data, default=_json_text, ensure_ascii=False)


def _json_text(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):  # Somebody put it where a text should be.
        return raw_text(value)
    raise TypeError(f"{value!r} has no JSON form here.")


#: How many texts are held before they are printed.
_AT_A_TIME = 500


def name_of(batch: Batch) -> dict[str, Any]:
    """Return what identifies a batch in JSON."""
    return {"id": batch.id, "number": batch.number, "type": batch.type}


def json_array(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one JSON array, an item a line, without holding more than one of them."""
    yield "["
    separator = "\n"
    for item in items:
        yield separator + to_json(item)
        separator = ",\n"
    yield "\n]\n"


def print_stream(pieces: Iterable[str]) -> None:
    """Print texts as they come, some hundreds at a time."""
    for some in chunked(pieces, _AT_A_TIME):
        click.echo("".join(some), nl=False)


def print_bytes(chunks: Iterable[bytes]) -> None:
    """Print bytes as they come."""
    for chunk in chunks:
        click.echo(chunk, nl=False)


def aligned(pairs: Sequence[tuple[str, str]], indent: str = "") -> Iterator[str]:
    """Yield lines of a word and its value, the values beneath each other."""
    width = max((len(word) for word, _ in pairs), default=0)
    return (f"{indent}{word:<{width}}  {value}" for word, value in pairs)


def moment(at: datetime | None) -> str:
    """Return a moment in UTC, to the second; empty for none."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
