"""Commands for quick entry: a single text, and scans that are read from standard input, line by line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.batches.editing import EntryResult, RowEditor
from batchbook.batches.running.runner import reason_in
from batchbook.cli.batches.command_factories import CommandResult, batch_result, change_command
from batchbook.cli.batches.session import acting_session, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import Refusal, json_array, json_option, printable, refusal_for
from batchbook.cli.parameters import (
    TEXT,
    actor_option,
    batch_argument,
    edit_reason_option,
    given_reason,
)
from batchbook.errors import BatchbookError
from batchbook.words import counted


@change_command("enter", Action.EDIT, click.argument("text", type=TEXT))
def enter(session: Any, batch: Batch, text: str) -> CommandResult:
    """Do what TEXT stands for in the batch ID, as if it were scanned into the box for quick entry."""
    done = RowEditor(session.engine).enter(batch.id, text)
    return batch_result(batch, f"{batch}: {done.message}.", **_facts(done))


def _facts(done: EntryResult) -> dict[str, Any]:
    return {"sequence": done.sequence, "operation": done.operation, "added": done.is_new}


@click.command("scan")
@batch_argument
@edit_reason_option
@actor_option
@json_option
@pass_installation
def scan(installation: Installation, batch_id: int, reason: str | None, actor: str, as_json: bool) -> None:
    """Enter each line of standard input into the batch ID, as if it were scanned into the box for quick entry.

    Each line is an operation of its own, and stored before the next one is read. A line that is refused is told, and the
    others are entered all the same; the exit status is 1 then. Empty lines are passed over.
    """
    scans = _Scans(installation, batch_id, actor, given_reason(reason))
    scans.demand_possible()
    done = scans.enter(line.decode("utf-8-sig", "replace") for line in sys.stdin.buffer)
    if as_json:
        for piece in json_array(done):
            click.echo(piece, nl=False)
    else:
        for one in done:
            click.echo(
                f"Line {one['line']}: {printable(one.get('error') or one['message'])}", err="error" in one
            )
    if scans.refused:
        raise Refusal(
            f"{counted(scans.refused, 'line was', 'lines were')} refused, and {scans.entered:,} entered."
        )


class _Scans:
    """The lines that ``actor`` enters into a batch, and how many of them were ``entered`` and ``refused``."""

    def __init__(self, installation: Installation, batch_id: int, actor: str, reason: Any) -> None:
        self._installation, self._batch_id, self._actor = installation, batch_id, actor
        self._reason = reason_in(reason)
        self.entered = self.refused = 0

    def demand_possible(self) -> None:
        """Raise as an edit does if nothing can be entered into the batch now."""
        with reading_session(self._installation, self._actor) as session:
            session.find(self._batch_id, Action.EDIT)

    def enter(self, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Enter ``lines``; yield the facts on each that is not empty, with its ``error`` if it was refused."""
        for number, line in enumerate(lines, start=1):
            text = line.strip(" \t\r\n")  # Not GS, the separator of GS1, which is white space to Python.
            if not text:
                continue
            try:
                done = self._enter(text)
            except BatchbookError as error:
                self.refused += 1
                yield {"line": number, "text": text, "error": error.message}
            except Exception as error:
                refusal = refusal_for(error)
                if refusal is None:
                    raise
                raise Refusal(
                    f"Stopped at line {number}; the lines before it are done. {refusal.message}"
                ) from error
            else:
                self.entered += 1
                yield {"line": number, "text": text, "message": f"{done.message}.", **_facts(done)}

    def _enter(self, text: str) -> EntryResult:
        with acting_session(self._installation, self._actor) as session:
            session.reason = self._reason
            batch = session.find(self._batch_id, Action.EDIT)
            return RowEditor(session.engine).enter(batch.id, text)
