"""Commands that set a time for a batch's execution, and drop it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.batches.planned import in_utc
from batchbook.batches.scheduling import refuse_without_jobs, schedule, unschedule
from batchbook.cli.batches.command import Said, about, changing
from batchbook.cli.batches.desk import Desk
from batchbook.cli.batches.parameters import at_option, execution_options, zone_option
from batchbook.zones import read_local


@changing("schedule", Action.EXECUTE, at_option, zone_option, execution_options)
def _schedule(desk: Desk, batch: Batch, at: str, zone: str | None, options: Mapping[str, Any]) -> Said:
    """Set a time for the execution of the batch ID, in place of one that is set already.

    A worker, or the web process, executes it then, if the user still may, and nothing stands against it.
    """
    refuse_without_jobs(desk.services)
    time = read_local(at, desk.zone(zone))
    result = schedule(desk.services, desk.session, desk.call(batch.id, Action.EXECUTE, options), time)
    return about(batch, result.message, run_at=in_utc(time.at))


@changing("unschedule", Action.EXECUTE)
def _unschedule(desk: Desk, batch: Batch) -> Said:
    """Drop the time that is set for the execution of the batch ID."""
    result = unschedule(desk.services, desk.session, desk.call(batch.id, Action.EXECUTE))
    return about(batch, result.message)


SCHEDULING: tuple[click.Command, ...] = (_schedule, _unschedule)
