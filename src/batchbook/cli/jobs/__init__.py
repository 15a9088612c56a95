"""``batchbook jobs``: what is done in the background: look, cancel, try again."""

from __future__ import annotations

import click

from batchbook.cli.jobs.changing import cancel, retry
from batchbook.cli.jobs.listing import list_jobs
from batchbook.cli.jobs.showing import show_job

__all__ = ["jobs"]


@click.group()
def jobs() -> None:
    """What is done in the background: what waits, what runs, and how it ended.

    ID is a job's number. A command that changes something acts for the user named by --as; everybody may change what
    they asked for, and others' jobs if a role allows that.
    """


for command in (list_jobs, show_job, cancel, retry):
    jobs.add_command(command)
