"""Refusals on the command line: one sentence on stderr and exit status 1; click's own wrong usage has 2."""

from __future__ import annotations

import errno
import os
from typing import IO, Any

import click
from pyramid.exceptions import ConfigurationError
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError

from batchbook.cli.output import plain_value
from batchbook.db.transactions import is_timeout
from batchbook.errors import BatchbookError

#: PostgreSQL's codes for a right that is missing and for a server that is read only.
_NOT_ALLOWED = ("42501", "25006")


class Refusal(click.ClickException):
    """A command that was refused; prints its sentence as it is."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence on stderr, in one line. It may quote what came from a file."""
        click.echo(" ".join(plain_value(self.message).split()), file=file, err=file is None)


def refusal_for(error: Exception) -> Refusal | None:
    """Return ``error`` as the sentence that refuses a command; ``None`` for a defect, which keeps its traceback.

    No defects are errors of the domain, a database that cannot be used, settings with which the application does not
    start, and what the system refuses.
    """
    match error:
        case BatchbookError():
            return Refusal(error.message)
        case DBAPIError() if _is_circumstance(error):
            return Refusal(f"The database could not be used, so nothing was done: {_reason(error)}")
        case ConfigurationError():
            return Refusal(f"The settings are not right, so nothing was done: {error}")
        case OSError() if (
            error.errno != errno.EPIPE
        ):  # The reader of a pipe has what it wanted; click ends quietly.
            return Refusal(_system_says(error))
    return None


def _is_circumstance(error: DBAPIError) -> bool:
    """Return whether the database, its file or its grants are at fault, and not the statement."""
    return (
        isinstance(error, OperationalError | InterfaceError)
        or type(error) is DatabaseError
        or error.statement is None
        or getattr(error.orig, "sqlstate", None) in _NOT_ALLOWED
    )


def _system_says(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:  # No file that is opened, but one that is written: most often what is printed.
        return f"What there was to write could not be written: {reason}."
    return f"The system did not allow it, so nothing was done: {reason}: {os.fsdecode(error.filename)}."


def _reason(error: DBAPIError) -> str:
    if is_timeout(error):
        return "another process, such as a running job, is writing to it. Try again when that has ended."
    return str(error.orig).strip().removesuffix(".") + "."
