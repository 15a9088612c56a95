"""Commands that list the keys of a batch that are in no record, match them, and make a batch of new records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from batchbook.batches import Action, Batch
from batchbook.batches.engine.file_intake import ensure_inspected, intake_fields
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.matching.matcher import Matcher
from batchbook.batches.matching.new_records import make_batch_of_new_records
from batchbook.batches.matching.unknown_keys import (
    UnmatchedKey,
    count_unmatched,
    matching_of,
    unmatched_keys,
)
from batchbook.cli.batches.command_factories import CommandResult, batch_result, change_command
from batchbook.cli.batches.session import CommandSession, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import batch_identity, json_option, print_result
from batchbook.cli.parameters import TEXT, batch_argument, reader_option
from batchbook.words import counted

#: The number of keys that are listed.
_LISTED = 1_000


@click.command("matches")
@batch_argument
@reader_option
@json_option
@pass_installation
def list_matches(installation: Installation, batch_id: int, reader: str | None, as_json: bool) -> None:
    """List the codes of the batch ID that are unknown, each with the records that it may mean, the likeliest first."""
    with reading_session(installation, reader) as session:
        context = session.engine.context_of(session.find(batch_id, Action.VIEW))
        proposing = session.holds(matching_of(context).records.permission)
        total, found = count_unmatched(context), unmatched_keys(context, _LISTED, proposing=proposing)
        data = {**batch_identity(context.batch), "count": total, "keys": [asdict(one) for one in found]}
        print_result(as_json, data, *_lines(context.batch, total, found))


def _lines(batch: Batch, total: int, found: Sequence[UnmatchedKey]) -> Iterator[str]:
    if not total:
        yield f"{batch} has no unknown codes."
        return
    yield f"{batch} has {counted(total, 'unknown code')}."
    for one in found:
        yield f"{one.key}  {one.description}  (row {one.first})".replace("    ", "  ")
        for proposal in one.proposals or ():
            taken = "; another row has it already" if proposal.taken else ""
            yield f"  {proposal.key}  {proposal.description}  ({proposal.reason}{taken})"
    if any(one.proposals is None for one in found):
        yield "No records are proposed, because your role does not allow seeing them."
    if total > len(found):
        yield f"{counted(total - len(found), 'more code')} not listed."


@change_command(
    "match",
    Action.EDIT,
    click.argument("code", type=TEXT),
    click.argument("record", type=TEXT),
    click.option("--row", type=click.IntRange(1), metavar="SEQUENCE", help="Only this row with the code."),
)
def match(session: CommandSession, batch: Batch, code: str, record: str, row: int | None) -> CommandResult:
    """Match the rows of the batch ID with the unknown CODE with RECORD, and remember that for the vendor.

    RECORD is the key of a record, such as an item code. "unmatch" takes it back.
    """
    result = Matcher(session.engine).match(batch.id, code, record, row)
    return batch_result(batch, f"{batch}: {result.message}", rows=result.rows)


@change_command("unmatch", Action.EDIT, click.argument("code", type=TEXT))
def unmatch(session: CommandSession, batch: Batch, code: str) -> CommandResult:
    """Give the rows of the batch ID that have CODE in the list that code back, and forget what was remembered of it."""
    result = Matcher(session.engine).undo(batch.id, code)
    return batch_result(batch, f"{batch}: {result.message}", rows=result.rows)


@change_command("new-records", Action.EDIT)
def new_records(session: CommandSession, batch: Batch) -> CommandResult:
    """Make a batch of new records of the rows of the batch ID with unknown codes, and print its number."""
    declared = matching_of(session.engine.context_of(batch)).new_records
    if declared is not None:
        session.demand_create(session.types[declared.batch_type])
    made = make_batch_of_new_records(session.engine, batch.id)
    context = session.engine.context_of(made)
    ensure_inspected(context)
    intake = stored_intake(made)
    message = f"{made} was made. Check how its file is read: “batchbook batch populate” takes the choices."
    if intake is None or intake.is_plain(intake_fields(context)):
        message = session.run(made.id, Action.POPULATE).message
    return batch_result(batch, f"Made {str(made).lower()}. {message}", new_batch=made.id)
