"""Commands of the review: they send a batch back, comment on it, and replay earlier corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.batches.review.comments import add_comment, comments_of
from batchbook.batches.review.models import BatchComment
from batchbook.batches.review.replay import apply_replay, earlier_batches, plan_replay
from batchbook.cli.batches.command_factories import CommandResult, batch_result, change_command
from batchbook.cli.batches.session import CommandSession, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import batch_identity, json_option, print_result, utc_text
from batchbook.cli.parameters import NUMBER, TEXT, batch_argument, reader_option, reason_option
from batchbook.errors import Missing
from batchbook.words import counted


@change_command(Action.SEND_BACK.value, Action.SEND_BACK, reason_option)
def send_back(session: CommandSession, batch: Batch, options: Mapping[str, Any]) -> CommandResult:
    """Send the batch ID, which is marked as complete, back to be corrected, with a reason."""
    return batch_result(batch, session.run(batch.id, Action.SEND_BACK, options).message)


@change_command(
    "comment",
    Action.COMMENT,
    click.argument("text", type=TEXT),
    click.option("--row", type=click.IntRange(1), metavar="SEQUENCE", help="The row that it is about."),
    click.option("--field", type=TEXT, metavar="FIELD", help="The cell of that row that it is about."),
)
def comment(
    session: CommandSession, batch: Batch, text: str, row: int | None, field: str | None
) -> CommandResult:
    """Add the comment TEXT to the batch ID, or to a row or cell of it; @NAME in it tells a user."""
    added = add_comment(session.engine, batch.id, text, row, field)
    facts = {"comment": added.comment.number, "mentioned": [*added.mentioned], "unknown": [*added.unknown]}
    return batch_result(batch, f"{batch}: {added.sentence}", **facts)


@change_command(
    "replay",
    Action.EDIT,
    click.option("--from", "number", type=NUMBER, help="The earlier batch; by default the latest one."),
    click.option("--dry-run", is_flag=True, help="Show what would be changed without changing it."),
)
def replay(session: CommandSession, batch: Batch, number: int | None, dry_run: bool) -> CommandResult:
    """Apply the corrections that people made to an earlier batch of the same source to the batch ID, where they fit."""
    found = earlier_batches(session.engine, batch, session.visible)
    earlier = next((one for one in found if number in (None, one.id)), None)
    if earlier is None:
        raise Missing(f"{batch} has no such earlier batch of the same source. Nothing was changed.")
    plan = plan_replay(session.engine, batch, earlier)
    fits = counted(len(plan.fitting), "correction fits", "corrections fit")
    left = [
        {"key": one.correction.key_text, "field": one.correction.field, "reason": one.reason}
        for one in plan.left
    ]
    if dry_run:
        message = f"{batch}: {fits} of {str(earlier).lower()}, and {len(left):,} would be left."
    else:
        message = f"{batch}: {apply_replay(session.engine, batch, earlier)}"
    return batch_result(batch, message, earlier=earlier.id, fitting=len(plan.fitting), left=left)


@click.command("comments")
@batch_argument
@reader_option
@json_option
@pass_installation
def list_comments(installation: Installation, batch_id: int, reader: str | None, as_json: bool) -> None:
    """List the comments on the batch ID, with users and times, the oldest first."""
    with reading_session(installation, reader) as session:
        batch = session.find(batch_id, Action.VIEW)
        found = [*reversed(comments_of(session.engine.context_of(batch)))]
        names = ("number", "sequence", "field", "at", "author", "text")
        items = [{name: getattr(one, name) for name in names} for one in found]
        lines = map(_line, found) if found else [f"{batch} has no comments."]
        print_result(as_json, {**batch_identity(batch), "comments": items}, *lines)


def _line(one: BatchComment) -> str:
    row = "" if one.sequence is None else f"row {one.sequence}{f', {one.field}' if one.field else ''}: "
    return f"{one.number:>4}  {utc_text(one.at)}  {one.author:<12}  {row}{one.text}"
