"""Commands that create batches, move them through their lifecycle, schedule, clone and delete them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import or_, select

from batchbook.batches import Action, Batch
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Result
from batchbook.batches.engine.file_intake import has_mapped_file
from batchbook.batches.engine.hand_over import EVENT, hand_over_all, owned_by
from batchbook.batches.engine.making import make_batch
from batchbook.batches.engine.scheduled_execution import in_utc
from batchbook.batches.files import input_file
from batchbook.batches.running import schedule as schedules
from batchbook.batches.sources.choosing import choose_rows
from batchbook.cli.batches.command_factories import (
    CommandResult,
    action_command,
    batch_result,
    change_command,
    demand_job_runner,
    enqueued_result,
)
from batchbook.cli.batches.dry_run_options import dry_run_instead, dry_run_options
from batchbook.cli.batches.export_commands import status_condition
from batchbook.cli.batches.intake_commands import (
    Choices,
    choices_of,
    inspect_and_map,
    mapping_options,
    open_upload,
    reading_options,
    upload_name,
)
from batchbook.cli.batches.session import CommandSession, acting_session, identity_of
from batchbook.cli.foreground_job import Display, display_for_stderr
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import Refusal, batch_identity, json_option, print_result, quiet_option
from batchbook.cli.parameters import (
    NUMBER,
    TEXT,
    actor_option,
    at_option,
    background_option,
    batch_argument,
    execution_options,
    reason_option,
    values_option,
    zone_option,
)
from batchbook.jobs.foreground import ProgressReporter
from batchbook.security.audit_log import record_command
from batchbook.security.models import normal_name
from batchbook.zones import read_local


@click.command()
@click.argument("key", metavar="TYPE", type=TEXT)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file to read the rows from.",
)
@values_option("A field of the header; may be repeated.")
@click.option("--description", type=TEXT, help="The purpose of the batch.")
@mapping_options
@reading_options
@click.option("--no-populate", is_flag=True, help="Create the batch without rows for now.")
@background_option
@quiet_option
@actor_option
@json_option
@pass_installation
def create(
    installation: Installation,
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
    **file_options: Any,
) -> None:
    """Create a batch of TYPE with its rows, and print its number."""
    if description is not None:
        if "description" in values:
            raise click.UsageError("Give the description either by --description or by --set, not by both.")
        values = {**values, "description": description}
    if background:
        demand_job_runner(installation)
    display = display_for_stderr(quiet=quiet or as_json)
    # One transaction for both: a file that cannot be read leaves no batch behind.
    with _cancelled_by_ctrl_c(display), acting_session(installation, actor) as session:
        batch = _create(installation, session, key, values, file)
        if hint := session.earlier_upload(input_file(session.db, batch)):
            click.echo(hint, err=True)
        _inspect_file(session, batch, choices_of(file_options), demand=not no_populate)
        if no_populate:
            result = _new_batch_result(batch)
        elif background:
            result = enqueued_result(batch_identity(batch), session.run(batch.id, Action.POPULATE))
        else:
            result = _populate(session, batch, display)
    result.show(as_json)


@click.command()
@batch_argument
@click.argument("key", metavar="TYPE", type=TEXT)
@click.option(
    "--status",
    "statuses",
    metavar="STATUS",
    multiple=True,
    type=TEXT,
    help="Only rows with this status; may be repeated.",
)
@values_option(
    "A field of the new header; may be repeated. Fields that are not given have the values of the batch ID."
)
@background_option
@quiet_option
@actor_option
@json_option
@pass_installation
def make(
    installation: Installation,
    /,
    batch_id: int,
    key: str,
    statuses: tuple[str, ...],
    values: dict[str, str],
    background: bool,
    quiet: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Make a batch of TYPE of the rows of the batch ID that are not removed, and print its number."""
    if background:
        demand_job_runner(installation)
    display = display_for_stderr(quiet=quiet or as_json)
    with _cancelled_by_ctrl_c(display), acting_session(installation, actor) as session:
        context = session.engine.context_of(session.find(batch_id, Action.MAKE))
        batch_type = session.types[key]
        session.demand_create(batch_type)
        where = [
            condition
            for status in statuses
            for condition in status_condition(context.batch_type, context.row, status)
        ]
        chosen = choose_rows(context, batch_type, [or_(*where)] if where else [])
        batch = make_batch(session.engine, key, values, chosen)
        if chosen.left_out:
            hint = f"Left out, because {actor} may not see it there: {', '.join(chosen.left_out)}."
            click.echo(hint, err=True)
        if background:
            result = enqueued_result(batch_identity(batch), session.run(batch.id, Action.POPULATE))
        else:
            result = _populate(session, batch, display)
    result.show(as_json)


@contextmanager
def _cancelled_by_ctrl_c(display: Display) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as pressed:
        raise Refusal("Cancelled. Nothing was created.") from pressed
    finally:
        display.close()


def _create(
    installation: Installation, session: CommandSession, key: str, values: dict[str, str], path: Path | None
) -> Batch:
    session.demand_create(session.types[key])
    with ExitStack() as stack:
        file = (
            None
            if path is None
            else stack.enter_context(open_upload(installation, path, "Nothing was created."))
        )
        return create_batch(session.engine, key, values, file, upload_name(path) if path else "")


def _inspect_file(session: CommandSession, batch: Batch, choices: Choices, *, demand: bool) -> None:
    context = session.engine.context_of(batch)
    if has_mapped_file(context):
        inspect_and_map(context, choices, demand=demand)
    elif choices != Choices():
        raise click.UsageError("There is no file to which options about reading and columns could apply.")


def _populate(session: CommandSession, batch: Batch, display: Display) -> CommandResult:
    # Not as a job: until this commits nobody else sees the batch, so nobody could follow the job, wait for it or take
    # it over. A process that ends before leaves nothing behind.
    title = f"{Action.POPULATE.label}: {batch}"
    result = session.run_now(batch.id, Action.POPULATE, ProgressReporter(title, display.show))
    return CommandResult(result.message, {}, failed=True) if result.failed else _new_batch_result(batch)


def _new_batch_result(batch: Batch) -> CommandResult:
    facts = {**batch_identity(batch), "state": str(batch.state), "row_count": batch.row_count}
    return CommandResult(batch.number, {**facts, "status_counts": batch.status_counts})


def _clone_result(session: CommandSession, _identity: Mapping[str, Any], result: Result) -> CommandResult:
    return _new_batch_result(session.engine.find(result.batch_id or 0))


def _deletion_result(_session: CommandSession, identity: Mapping[str, Any], result: Result) -> CommandResult:
    return CommandResult(result.message, {**identity, "message": result.message})


clone = action_command(
    Action.CLONE,
    "Create an open batch with the header, rows and files of the batch ID, and print its number.",
    make_result=_clone_result,
)
reverse = action_command(
    Action.REVERSE,
    "Create a batch that restores the values before the execution of the batch ID, and print its number.",
    make_result=_clone_result,
    name="reverse",
)
delete = action_command(
    Action.DELETE,
    "Delete the batch ID, with its rows, files and history, unless it was executed.",
    make_result=_deletion_result,
)


populate = action_command(Action.POPULATE, "Fill the batch ID with rows from its source.")
refresh = action_command(Action.REFRESH, "Compare the rows of the batch ID with current data.")
complete = action_command(
    Action.COMPLETE,
    "Mark the batch ID as complete, ready to be reviewed and executed.",
    options=reason_option,
)
execute = action_command(
    Action.EXECUTE,
    "Execute the batch ID. This cannot be undone: from then on the batch is frozen.",
    options=dry_run_options,
    instead=dry_run_instead,
)


@change_command("reopen", Action.REOPEN, reason_option)
def reopen(session: CommandSession, batch: Batch, options: Mapping[str, Any]) -> CommandResult:
    """Reopen the batch ID, which was marked as complete, for changes."""
    return batch_result(batch, session.run(batch.id, Action.REOPEN, options).message)


@change_command("schedule", Action.EXECUTE, at_option, zone_option, execution_options)
def schedule(
    session: CommandSession, batch: Batch, at: str, zone: str | None, options: Mapping[str, Any]
) -> CommandResult:
    """Schedule the execution of the batch ID, in place of a time that is set already.

    At that time, a worker or the web server executes it on the user's behalf, provided that the user still has
    permission and the batch has not changed.
    """
    schedules.refuse_without_jobs(session.services)
    time = read_local(at, session.zone(zone))
    call = session.call(batch.id, Action.EXECUTE, options)
    result = schedules.schedule(session.services, session.db, call, time)
    return batch_result(batch, result.message, run_at=in_utc(time.at))


@click.command("hand-over")
@click.argument("numbers", metavar="[ID]...", nargs=-1, type=NUMBER)
@click.option("--to", "recipient", required=True, type=TEXT, help="The user who gets the batches.")
@click.option("--from", "owner", type=TEXT, help="All unfinished batches of this user.")
@actor_option
@json_option
@pass_installation
def hand_over_batches(
    installation: Installation,
    numbers: tuple[int, ...],
    recipient: str,
    owner: str | None,
    actor: str,
    as_json: bool,
) -> None:
    """Hand over the batches ID, or all unfinished batches of the user --from, to another user."""
    if bool(numbers) == (owner is not None):
        raise click.UsageError("Give either numbers of batches or --from.")
    with acting_session(installation, actor) as session:
        found = [session.engine.find(number) for number in numbers]
        if owner is not None:
            mine = select(Batch).where(owned_by(normal_name(owner)), session.visible).order_by(Batch.id)
            found = list(session.db.scalars(mine))
        outcome = hand_over_all(session.engine, identity_of(session.db, actor), found, recipient)
        to = normal_name(recipient)
        for former, detail in outcome.events(to).items():
            record_command(session.db, EVENT, former, f"{detail}; for {actor}", actor=normal_name(actor))
    done = [number for numbers_of_owner in outcome.done.values() for number in numbers_of_owner]
    print_result(
        as_json,
        {"handed_over": done, "to": to, "left_out": outcome.left_out},
        outcome.sentence(to),
        *outcome.left_out[1:],
    )


@change_command("unschedule", Action.EXECUTE)
def unschedule(session: CommandSession, batch: Batch) -> CommandResult:
    """Cancel the scheduled execution of the batch ID."""
    result = schedules.unschedule(session.services, session.db, session.call(batch.id, Action.EXECUTE))
    return batch_result(batch, result.message)
