"""``batchbook batch``: all that pages offer for batches, one command for each action."""

from __future__ import annotations

import click

from batchbook.cli.batches.browsing_commands import history, list_batches, show_batch, types
from batchbook.cli.batches.editing_commands import (
    add_row,
    edit,
    fix,
    list_problems,
    remove_row,
    remove_rows,
    restore_row,
    set_cell,
)
from batchbook.cli.batches.export_commands import download, rows, worksheet, worksheet_apply
from batchbook.cli.batches.intake_commands import inspect_file
from batchbook.cli.batches.lifecycle_commands import RUNNING, SCHEDULING, clone, create, delete

__all__ = ["batch"]


@click.group()
def batch() -> None:
    """Batches of every type: create, look, edit, execute.

    ID is a batch's number, with or without its leading zeros. A command that changes something acts for the user
    named by --as, and may do what that user's roles allow. One that only reads shows everything, or with --as what
    that user may see.
    """


for command in (
    types,
    list_batches,
    create,
    inspect_file,
    show_batch,
    rows,
    history,
    download,
    edit,
    set_cell,
    add_row,
    remove_row,
    restore_row,
    remove_rows,
    worksheet,
    worksheet_apply,
    list_problems,
    fix,
    *RUNNING,
    *SCHEDULING,
    clone,
    delete,
):
    batch.add_command(command)
