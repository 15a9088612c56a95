"""Commands that create, move through the lifecycle, schedule, clone and delete batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Result
from batchbook.batches.engine.file_intake import has_mapped_file
from batchbook.batches.engine.scheduled_execution import in_utc
from batchbook.batches.running import schedule as schedules
from batchbook.cli.batches.changing import (
    CommandResult,
    about,
    changing,
    hand_over,
    refuse_handing_over,
    running,
)
from batchbook.cli.batches.intake_commands import (
    Choices,
    choices_of,
    mapping_options,
    name_to_send,
    open_to_send,
    reading_options,
    take_in,
)
from batchbook.cli.batches.session import CommandSession, acting_session
from batchbook.cli.foreground import Display, display
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, name_of, quiet_option
from batchbook.cli.parameters import (
    TEXT,
    acting,
    at_option,
    background_option,
    execution_options,
    no_options,
    values_option,
    zone_option,
)
from batchbook.cli.refusals import Refusal
from batchbook.jobs.foreground import ProgressReporter
from batchbook.zones import read_local


@click.command()
@click.argument("key", metavar="TYPE", type=TEXT)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file to take the rows from.",
)
@values_option("A field of the header; may be repeated.")
@click.option("--description", type=TEXT, help="What the batch is for.")
@mapping_options
@reading_options
@click.option("--no-populate", is_flag=True, help="Leave it without rows for now.")
@background_option
@quiet_option
@acting
@json_option
@pass_installation
def create(
    site: Installation,
    /,
    key: str,
    file: Path | None,
    values: dict[str, str],
    description: str | None,
    no_populate: bool,
    background: bool,
    quiet: bool,
    actor: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Create a batch of TYPE with its rows, and print its number."""
    if description is not None:
        if "description" in values:
            raise click.UsageError("The description is given twice.")
        values = {**values, "description": description}
    if background:
        refuse_handing_over(site)
    bar = display(quiet=quiet or as_json)
    # One transaction for both: a file that cannot be read leaves no batch behind.
    with _given_up_by_ctrl_c(bar), acting_session(site, actor) as desk:
        batch = _create(site, desk, key, values, file)
        _take_in(desk, batch, choices_of(given), demand=not no_populate)
        if no_populate:
            said = _new(batch)
        elif background:
            said = hand_over(name_of(batch), desk.run(batch.id, Action.POPULATE))
        else:
            said = _populated(desk, batch, bar)
    said.show(as_json)


@contextmanager
def _given_up_by_ctrl_c(bar: Display) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as pressed:
        raise Refusal("Nothing was created: that was cancelled.") from pressed
    finally:
        bar.close()


def _create(
    site: Installation, desk: CommandSession, key: str, values: dict[str, str], path: Path | None
) -> Batch:
    desk.demand_create(desk.types[key])
    with ExitStack() as stack:
        file = None if path is None else stack.enter_context(open_to_send(site, path, "Nothing was created."))
        return create_batch(desk.engine, key, values, file, name_to_send(path) if path else "")


def _take_in(desk: CommandSession, batch: Batch, choices: Choices, *, demand: bool) -> None:
    context = desk.engine.context_of(batch)
    if has_mapped_file(context):
        take_in(context, choices, demand=demand)
    elif choices != Choices():
        raise click.UsageError("There is no file whose columns and reading could be said.")


def _populated(desk: CommandSession, batch: Batch, bar: Display) -> CommandResult:
    # No job: until this commits, the batch is there for nobody else, so there is nothing that others could look at,
    # wait for or take over. Whatever ends this process before leaves nothing behind.
    title = f"{Action.POPULATE.label}: {batch}"
    result = desk.run_now(batch.id, Action.POPULATE, ProgressReporter(title, bar.show))
    return CommandResult(result.message, {}, failed=True) if result.failed else _new(batch)


def _new(batch: Batch) -> CommandResult:
    facts = {**name_of(batch), "state": str(batch.state), "row_count": batch.row_count}
    return CommandResult(batch.number, {**facts, "status_counts": batch.status_counts})


def _tell_clone(desk: CommandSession, _named: Mapping[str, Any], result: Result) -> CommandResult:
    return _new(desk.engine.find(result.batch_id or 0))


def _tell_deleted(_desk: CommandSession, named: Mapping[str, Any], result: Result) -> CommandResult:
    return CommandResult(result.message, {**named, "message": result.message})


clone = running(
    Action.CLONE,
    "Create an open batch with the header, rows and files of the batch ID, and print its number.",
    tell=_tell_clone,
)
delete = running(
    Action.DELETE,
    "Delete the batch ID, with its rows, files and history, unless it was executed.",
    tell=_tell_deleted,
)


populate = running(Action.POPULATE, "Fill the batch ID with rows from its source.")
refresh = running(Action.REFRESH, "Compare the rows of the batch ID with current data.")
complete = running(Action.COMPLETE, "Mark the batch ID complete: ready to be reviewed and executed.")
execute = running(
    Action.EXECUTE,
    "Execute the batch ID, once and for all: from then on it is frozen.",
    options=execution_options,
)


@changing("reopen", Action.REOPEN, no_options)
def reopen(desk: CommandSession, batch: Batch) -> CommandResult:
    """Reopen the batch ID, which was marked complete, for changes."""
    return about(batch, desk.run(batch.id, Action.REOPEN).message)


@changing("schedule", Action.EXECUTE, at_option, zone_option, execution_options)
def schedule(
    desk: CommandSession, batch: Batch, at: str, zone: str | None, options: Mapping[str, Any]
) -> CommandResult:
    """Set a time for the execution of the batch ID, in place of one that is set already.

    A worker, or the web process, executes it then, if the user still may, and nothing stands against it.
    """
    schedules.refuse_without_jobs(desk.services)
    time = read_local(at, desk.zone(zone))
    call = desk.call(batch.id, Action.EXECUTE, options)
    result = schedules.schedule(desk.services, desk.session, call, time)
    return about(batch, result.message, run_at=in_utc(time.at))


@changing("unschedule", Action.EXECUTE)
def unschedule(desk: CommandSession, batch: Batch) -> CommandResult:
    """Drop the time that is set for the execution of the batch ID."""
    result = schedules.unschedule(desk.services, desk.session, desk.call(batch.id, Action.EXECUTE))
    return about(batch, result.message)
