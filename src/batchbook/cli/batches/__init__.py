"""``batchbook batch``: everything that pages offer for batches, one command for each action."""

from __future__ import annotations

import click

from batchbook.cli.batches.creating import clone, create, delete
from batchbook.cli.batches.editing import add_row, edit, set_cell
from batchbook.cli.batches.exporting import download, rows
from batchbook.cli.batches.fixing import fix, list_problems
from batchbook.cli.batches.intake import inspect_file
from batchbook.cli.batches.listing import history, list_batches, types
from batchbook.cli.batches.removing import remove_row, remove_rows, restore_row
from batchbook.cli.batches.running import RUNNING
from batchbook.cli.batches.scheduling import SCHEDULING
from batchbook.cli.batches.sheets import worksheet, worksheet_apply
from batchbook.cli.batches.showing import show_batch

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
