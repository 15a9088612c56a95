"""What the commands for batches print beyond single sentences: streams and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from batchbook.batches import Batch
from batchbook.cli.output import to_json
from batchbook.db.bulk import chunked

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
