"""Output of commands: sentences and tables for people, JSON for programs, and refusals on stderr.

A refusal is one sentence, and its exit status is 1; click's own wrong usage has 2.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any, TypeVar

import click
from pyramid.exceptions import ConfigurationError, ConfigurationExecutionError
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError

from batchbook.batches import Batch
from batchbook.db.bulk_writing import chunked
from batchbook.db.outages import Outage, outage_of
from batchbook.db.stored_values import raw_text
from batchbook.db.transactions import is_timeout
from batchbook.errors import BatchbookError, reason_of

_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """Give a command the flag ``--json``, which it gets as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")(command)


def quiet_option(command: _Command) -> _Command:
    """Give a command the flag ``--quiet``, which switches off the display of progress."""
    return click.option("--quiet", is_flag=True, help="Do not show progress.")(command)


def print_result(as_json: bool, data: Any, *sentences: str) -> None:
    """Print ``data`` as JSON, or else the sentences, a line each."""
    click.echo(to_json(data) if as_json else "\n".join(map(printable, sentences)))


def printable(text: object) -> str:
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
    if isinstance(value, bytes):  # SQL from elsewhere stored it in a column of texts.
        return raw_text(value)
    raise TypeError(f"{value!r} has no JSON form here.")


#: The number of texts that are held before they are printed.
_AT_A_TIME = 500


def batch_identity(batch: Batch) -> dict[str, Any]:
    """Return the facts that identify a batch in JSON."""
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
    """Yield a line for each label and its value, with the values beneath each other."""
    width = max((len(label) for label, _ in pairs), default=0)
    return (f"{indent}{label:<{width}}  {value}" for label, value in pairs)


def utc_text(at: datetime | None) -> str:
    """Return a moment in UTC, to the second; empty for ``None``."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


# --- Refusals --------------------------------------------------------------------------------------------------------

#: PostgreSQL's codes for a server that is read only, and for that and a right that is missing.
_READ_ONLY = "25006"
_NOT_ALLOWED = ("42501", _READ_ONLY)


class Refusal(click.ClickException):
    """The end of a command that was refused; its sentence is printed as it is."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence on stderr, in one line. It may quote text from a file."""
        click.echo(" ".join(printable(self.message).split()), file=file, err=file is None)


_NOT_STARTED = "The settings are not right, or a plug-in is not, so nothing was done:"


def refusal_for(error: Exception) -> Refusal | None:
    """Return ``error`` as the sentence that refuses a command; ``None`` for a defect, which keeps its traceback.

    No defects are errors of the domain, a database that cannot be used, settings with which the application does not
    start, and errors of the operating system.
    """
    match error:
        case BatchbookError():
            return Refusal(error.message)
        case DBAPIError() if _is_circumstance(error):
            return Refusal(f"The database could not be used, so nothing was done: {_database_reason(error)}")
        case ConfigurationExecutionError(evalue=ConfigurationError() as cause):
            return Refusal(f"{_NOT_STARTED} {cause}")
        case ConfigurationError():
            return Refusal(f"{_NOT_STARTED} {error}")
        case OSError() if (
            error.errno != errno.EPIPE
        ):  # For a pipe that its reader closed, click ends quietly.
            return Refusal(_system_sentence(error))
    return None


def _is_circumstance(error: DBAPIError) -> bool:
    """Return whether the database, its file or its grants are at fault, and not the statement."""
    return (
        isinstance(error, OperationalError | InterfaceError)
        or type(error) is DatabaseError
        or error.statement is None
        or getattr(error.orig, "sqlstate", None) in _NOT_ALLOWED
    )


def _database_reason(error: DBAPIError) -> str:
    if is_timeout(error):
        return "another process, such as a running job, is writing to it. Try again when that has ended."
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_READONLY or getattr(error.orig, "sqlstate", None) == _READ_ONLY:
        return "it can only be read. Check the rights to its file and folder, or the settings of the server."
    if getattr(error.orig, "sqlstate", None) in _NOT_ALLOWED:
        return "the user in sqlalchemy.url does not have the right to do this in it."
    outage = outage_of(error)
    if outage is Outage.AWAY and code:
        return "its file can't be opened. Check the path in sqlalchemy.url, and the rights to the file and its folder."
    if outage is Outage.AWAY or (outage is None and error.statement is None):
        return (
            "it does not answer, or does not let Batchbook in. Check that it runs, and the address, the database, the user and"
            " the password in sqlalchemy.url."
        )
    return _first_lower(outage.reason if outage else f"{reason_of(error)}.")


def _first_lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _system_sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:  # No file that is opened, but one that is written: most often standard output.
        return f"The output could not be written: {reason}."
    return f"The system did not allow it, so nothing was done: {reason}: {os.fsdecode(error.filename)}."
