"""Commands by which batches come and go: create, clone, delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.batches.creation import create_batch
from batchbook.batches.engine import Result
from batchbook.batches.intake.taking import takes_in
from batchbook.cli.batches.acting import handed_over, refuse_handing_over, running
from batchbook.cli.batches.command import Said
from batchbook.cli.batches.desk import Desk, acting_desk
from batchbook.cli.batches.intake import Choices, choices_of, mapping_options, reading_options, take_in
from batchbook.cli.batches.output import name_of
from batchbook.cli.batches.parameters import acting, background_option, values_option
from batchbook.cli.batches.sending import name_to_send, open_to_send
from batchbook.cli.output import json_option, quiet_option
from batchbook.cli.parameters import TEXT
from batchbook.cli.progress import Display, display
from batchbook.cli.refusals import Refusal
from batchbook.cli.site import Site
from batchbook.jobs.following import Watching


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
@click.pass_obj
def create(
    site: Site,
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
    with _given_up_by_ctrl_c(bar), acting_desk(site, actor) as desk:
        batch = _create(site, desk, key, values, file)
        _take_in(desk, batch, choices_of(given), demand=not no_populate)
        if no_populate:
            said = _new(batch)
        elif background:
            said = handed_over(name_of(batch), desk.run(batch.id, Action.POPULATE))
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


def _create(site: Site, desk: Desk, key: str, values: dict[str, str], path: Path | None) -> Batch:
    desk.demand_create(desk.types[key])
    with ExitStack() as stack:
        file = None if path is None else stack.enter_context(open_to_send(site, path, "Nothing was created."))
        return create_batch(desk.engine, key, values, file, name_to_send(path) if path else "")


def _take_in(desk: Desk, batch: Batch, choices: Choices, *, demand: bool) -> None:
    work = desk.engine.work_on(batch)
    if takes_in(work):
        take_in(work, choices, demand=demand)
    elif choices != Choices():
        raise click.UsageError("There is no file whose columns and reading could be said.")


def _populated(desk: Desk, batch: Batch, bar: Display) -> Said:
    # No job: until this commits, the batch is there for nobody else, so there is nothing that others could look at,
    # wait for or take over. Whatever ends this process before leaves nothing behind.
    title = f"{Action.POPULATE.label}: {batch}"
    result = desk.run_now(batch.id, Action.POPULATE, Watching(title, bar.show))
    return Said(result.message, {}, failed=True) if result.failed else _new(batch)


def _new(batch: Batch) -> Said:
    facts = {**name_of(batch), "state": str(batch.state), "row_count": batch.row_count}
    return Said(batch.number, {**facts, "status_counts": batch.status_counts})


def _tell_clone(desk: Desk, _named: Mapping[str, Any], result: Result) -> Said:
    return _new(desk.engine.find(result.batch_id or 0))


def _tell_deleted(_desk: Desk, named: Mapping[str, Any], result: Result) -> Said:
    return Said(result.message, {**named, "message": result.message})


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
