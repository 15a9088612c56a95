"""Commands that list the duplicates of a batch and keep one row of each group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from batchbook.batches import Action, Batch
from batchbook.batches.editing.duplicates import DuplicateGroup, DuplicateRemover, DuplicateRows, Keep
from batchbook.cli.batches.command_factories import CommandResult, batch_result, change_command
from batchbook.cli.batches.session import CommandSession, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import batch_identity, json_option, print_result
from batchbook.cli.parameters import batch_argument, reader_option
from batchbook.errors import BadInput
from batchbook.words import counted

#: The number of groups that are listed, and of the rows that are named of each.
_GROUPS_LISTED, _ROWS_NAMED = 1_000, 20


@click.command("duplicates")
@batch_argument
@reader_option
@json_option
@pass_installation
def list_duplicates(installation: Installation, batch_id: int, reader: str | None, as_json: bool) -> None:
    """List the duplicates in the batch ID, with the rows of each group."""
    with reading_session(installation, reader) as session:
        context = session.engine.context_of(session.find(batch_id, Action.VIEW))
        found = DuplicateRows(context)
        total, groups = found.count_groups(), found.groups(0, _GROUPS_LISTED, _ROWS_NAMED)
        data = {
            **batch_identity(context.batch),
            "count": total,
            "keep": [str(rule) for rule in found.rules],
            "groups": [{"rows": group.count, "sequences": group.sequences} for group in groups],
        }
        print_result(as_json, data, *_lines(context.batch, total, groups))


def _lines(batch: Batch, total: int, groups: Sequence[DuplicateGroup]) -> Iterator[str]:
    if not total:
        yield f"{batch} has no duplicates."
        return
    yield f"{batch} has {counted(total, 'group')} of duplicates."
    for group in groups:
        named = ", ".join(map(str, group.sequences))
        yield f"  Rows {named}{', …' if group.count > len(group.sequences) else ''}"
    if total > len(groups):
        yield f"  {counted(total - len(groups), 'more group')} not listed."


@change_command(
    "deduplicate",
    Action.EDIT,
    click.option(
        "--keep",
        type=click.Choice([str(rule) for rule in Keep]),
        help="The row of each group to keep; rows that cannot be used are not kept.",
    ),
    click.option(
        "--row", type=click.IntRange(1), metavar="SEQUENCE", help="The row to keep, of its own group."
    ),
    click.option("--group", type=click.IntRange(1), metavar="SEQUENCE", help="Only the group of this row."),
)
def deduplicate(
    session: CommandSession, batch: Batch, keep: str | None, row: int | None, group: int | None
) -> CommandResult:
    """Keep one row of each group of duplicates in the batch ID, and remove the others.

    "restore-row" and "restore-rows" bring removed rows back.
    """
    if (keep is None) == (row is None) or (row is not None and group is not None):
        raise BadInput("Give either --keep, perhaps with --group, or --row. Nothing was removed.")
    before = batch.removed_count
    remover = DuplicateRemover(session.engine)
    chosen = Keep(keep) if keep is not None else row or 0
    message = remover.keep(batch.id, chosen, group)
    return batch_result(batch, f"{batch}: {message}", removed=batch.removed_count - before)
