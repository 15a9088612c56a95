"""How the command line says no: one sentence on stderr, and exit status 1. Wrong usage is click's, with status 2."""

from __future__ import annotations

from typing import IO, Any

import click
from pyramid.exceptions import ConfigurationError
from sqlalchemy.exc import DBAPIError, OperationalError

from batchbook.errors import BatchbookError


class Refusal(click.ClickException):
    """A command that was refused; prints its sentence as it is."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence on stderr, in one line."""
        click.echo(" ".join(self.message.split()), file=file, err=file is None)


class RefusingGroup(click.Group):
    """A group whose commands may raise any :class:`~batchbook.errors.BatchbookError`: it becomes a :class:`Refusal`.

    So do a database that cannot be used and settings with which the application does not start. Anything else is a
    defect and keeps its traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BatchbookError as error:
            raise Refusal(error.message) from error
        except OperationalError as error:
            raise Refusal(f"The database could not be used, so nothing was done: {_reason(error)}") from error
        except ConfigurationError as error:
            raise Refusal(f"The settings are not right, so nothing was done: {error}") from error


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().removesuffix(".") + "."
