"""Commands of retention: the purge of executed batches, and legal holds."""

from __future__ import annotations

from datetime import datetime

import click

from batchbook.batches import BatchTypes
from batchbook.batches.retention.purge import (
    IDLE_DAYS,
    day_in_utc,
    due_batches,
    idle_batches,
    place_hold,
    purge_batch,
)
from batchbook.cli.batches.session import acting_session, identity_of
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, print_result
from batchbook.cli.parameters import TEXT, actor_option, batch_argument
from batchbook.errors import BadInput, Conflict, Missing, Refused
from batchbook.security.identity import Identity
from batchbook.words import counted

#: Whoever may set the retention may purge, as on the pages.
_PURGE, _HOLD = "retention:edit", "legal-holds:create"


@click.command()
@click.option(
    "--before", type=click.DateTime(["%Y-%m-%d"]), help="Only batches executed before that day, in UTC."
)
@click.option("--type", "key", metavar="TYPE", type=TEXT, help="Only batches of that type.")
@click.option("--dry-run", is_flag=True, help="Show what would be purged without purging it.")
@actor_option
@json_option
@pass_installation
def purge(
    installation: Installation,
    before: datetime | None,
    key: str | None,
    dry_run: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Delete executed batches that are past their retention and not under a legal hold, each leaving a tombstone.

    Batches that were not executed and are idle for long are reported, not deleted.
    """
    types = installation.services.get(BatchTypes)
    days = IDLE_DAYS.whole(installation.services.settings)
    if key is not None and key not in {one.key for one in types}:
        raise BadInput(
            f"There is no batch type “{key[:60]}”. The types are: {', '.join(one.key for one in types)}."
        )
    with installation.transaction(read_only=True) as session:
        by = _demand(identity_of(session, actor), _PURGE, "purging batches")
        found = due_batches(session, types, None if before is None else day_in_utc(before), key)
        idle = [batch for batch in idle_batches(session, days) if key in (None, batch.type)]
        numbers = [batch.number for batch in idle]
    if not dry_run:
        found = [one for one in found if _purged(installation, types, one.number, actor, by)]
    verb = "would be purged" if dry_run else "purged"
    lines = [
        f"{one.number:08d}  {one.type}  executed {one.executed_at:%Y-%m-%d}  {counted(one.rows, 'row')}"
        for one in found
    ]
    report = (
        [f"Idle for more than {counted(days, 'day')}, and kept: {', '.join(numbers)}."] if numbers else []
    )
    facts = {
        "purged": [one.number for one in found],
        "dry_run": dry_run,
        "idle": [int(number) for number in numbers],
    }
    print_result(as_json, facts, f"{counted(len(found), 'batch', 'batches')} {verb}.", *lines, *report)


def _purged(installation: Installation, types: BatchTypes, number: int, actor: str, by: Identity) -> bool:
    """Purge a batch; return whether it was purged, and tell why not if somebody held or purged it meanwhile."""
    try:
        # Each in a transaction of its own: a purge that is interrupted has purged whole batches.
        with acting_session(installation, actor) as acting:
            purge_batch(acting.db, types, number, by.name)
    except (Conflict, Missing) as error:
        click.echo(error.message, err=True)
        return False
    return True


@click.command()
@batch_argument
@click.option("--reason", required=True, type=TEXT, help="The reason, which is kept.")
@click.option("--release", is_flag=True, help="Release the hold instead of placing one.")
@actor_option
@json_option
@pass_installation
def hold(
    installation: Installation, batch_id: int, reason: str, release: bool, actor: str, as_json: bool
) -> None:
    """Place a legal hold on the batch ID, so that it is not purged, or release it."""
    if not reason.strip():
        raise BadInput("Give a reason. Nothing was changed.")
    with acting_session(installation, actor) as session:
        by = _demand(session.person, _HOLD, "placing or releasing legal holds")
        place_hold(session.db, batch_id, by.name, reason.strip(), placed=not release)
    words = "is no longer under a legal hold" if release else "is under a legal hold"
    facts = {"id": batch_id, "held": not release, "reason": reason.strip()}
    print_result(as_json, facts, f"Batch {batch_id:08d} {words}.")


def _demand(person: Identity, permission: str, what: str) -> Identity:
    if not person.may(permission):
        raise Refused(f"The role of {person.name} does not permit {what}. Nothing was changed.")
    return person
