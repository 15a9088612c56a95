"""``batchbook batch``: all that pages offer for batches, one command for each action."""

from __future__ import annotations

import click

from batchbook.cli.lazy_group import LazyCommand, LazyGroup

__all__ = ["batch"]

#: In the order in which a batch meets them. A test compares the sentences with those of the commands.
_COMMANDS = {
    "types": LazyCommand(
        "batchbook.cli.batches.browsing_commands:types",
        "List the batch types, with the names that --set, --status and --option take.",
    ),
    "list": LazyCommand(
        "batchbook.cli.batches.browsing_commands:list_batches", "List batches, the newest first."
    ),
    "create": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:create",
        "Create a batch of TYPE with its rows, and print its number.",
    ),
    "inspect": LazyCommand(
        "batchbook.cli.batches.intake_commands:inspect_file",
        "Say what is in FILE and how it would be read, without taking anything from it.",
    ),
    "show": LazyCommand(
        "batchbook.cli.batches.browsing_commands:show_batch",
        "Show the batch ID: its facts, its rows by status, and what executing it would do.",
    ),
    "rows": LazyCommand(
        "batchbook.cli.batches.export_commands:rows", "Print the rows of the batch ID, in their order."
    ),
    "history": LazyCommand(
        "batchbook.cli.batches.browsing_commands:history",
        "List what was done to the batch ID, by whom and when, the oldest first.",
    ),
    "download": LazyCommand(
        "batchbook.cli.batches.export_commands:download",
        "Give out the file that the batch ID was made from, byte for byte.",
    ),
    "edit": LazyCommand(
        "batchbook.cli.batches.editing_commands:edit", "Change fields of the header of the batch ID."
    ),
    "set": LazyCommand(
        "batchbook.cli.batches.editing_commands:set_cell",
        "Store VALUE in the FIELD of row SEQUENCE of the batch ID.",
    ),
    "add-row": LazyCommand(
        "batchbook.cli.batches.editing_commands:add_row", "Add a row at the end of the batch ID."
    ),
    "remove-row": LazyCommand(
        "batchbook.cli.batches.editing_commands:remove_row",
        'Remove row SEQUENCE from the batch ID; "restore-row" brings it back.',
    ),
    "restore-row": LazyCommand(
        "batchbook.cli.batches.editing_commands:restore_row",
        "Restore row SEQUENCE, which was removed, to the batch ID.",
    ),
    "remove-rows": LazyCommand(
        "batchbook.cli.batches.editing_commands:remove_rows",
        "Remove all rows of one status from the batch ID.",
    ),
    "worksheet": LazyCommand(
        "batchbook.cli.batches.export_commands:worksheet",
        "Write the rows of the batch ID into a workbook, to be corrected in a spreadsheet program.",
    ),
    "worksheet-apply": LazyCommand(
        "batchbook.cli.batches.export_commands:worksheet_apply",
        "Take what was changed in the worksheet FILE into the batch ID, but for what was changed there since.",
    ),
    "problems": LazyCommand(
        "batchbook.cli.batches.editing_commands:list_problems",
        "List what is wrong in the cells of the batch ID, like problems together, the worst and most frequent first.",
    ),
    "fix": LazyCommand(
        "batchbook.cli.batches.editing_commands:fix",
        "Put one text into all cells of the batch ID that have a problem and hold the same text.",
    ),
    "populate": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:populate", "Fill the batch ID with rows from its source."
    ),
    "refresh": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:refresh",
        "Compare the rows of the batch ID with current data.",
    ),
    "complete": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:complete",
        "Mark the batch ID complete: ready to be reviewed and executed.",
    ),
    "reopen": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:reopen",
        "Reopen the batch ID, which was marked complete, for changes.",
    ),
    "execute": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:execute",
        "Execute the batch ID, once and for all: from then on it is frozen.",
    ),
    "schedule": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:schedule",
        "Set a time for the execution of the batch ID, in place of one that is set already.",
    ),
    "unschedule": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:unschedule",
        "Drop the time that is set for the execution of the batch ID.",
    ),
    "clone": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:clone",
        "Create an open batch with the header, rows and files of the batch ID, and print its number.",
    ),
    "delete": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:delete",
        "Delete the batch ID, with its rows, files and history, unless it was executed.",
    ),
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS)
def batch() -> None:
    """Batches of every type: create, look, edit, execute.

    ID is a batch's number, with or without its leading zeros. A command that changes something acts for the user
    named by --as, and may do what that user's roles allow. One that only reads shows everything, or with --as what
    that user may see.
    """
