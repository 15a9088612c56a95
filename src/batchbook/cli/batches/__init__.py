"""``batchbook batch``: the actions that pages offer for batches, one command for each."""

from __future__ import annotations

import click

from batchbook.cli import LazyCommand, LazyGroup

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
        "Show what is in FILE and how it would be read, without creating anything.",
    ),
    "show": LazyCommand(
        "batchbook.cli.batches.browsing_commands:show_batch",
        "Show the batch ID: its properties, its rows by status, and the effect of executing it.",
    ),
    "rows": LazyCommand(
        "batchbook.cli.batches.export_commands:rows", "Print the rows of the batch ID, in their order."
    ),
    "history": LazyCommand(
        "batchbook.cli.batches.browsing_commands:history",
        "List the operations on the batch ID, with users and times, the oldest first.",
    ),
    "download": LazyCommand(
        "batchbook.cli.batches.export_commands:download",
        "Download the file that the batch ID was created from, or another one of its files, byte for byte.",
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
    "enter": LazyCommand(
        "batchbook.cli.batches.scan_commands:enter",
        "Do what TEXT stands for in the batch ID, as if it were scanned into the box for quick entry.",
    ),
    "scan": LazyCommand(
        "batchbook.cli.batches.scan_commands:scan",
        "Enter each line of standard input into the batch ID, as if it were scanned into the box for quick entry.",
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
    "restore-rows": LazyCommand(
        "batchbook.cli.batches.editing_commands:restore_rows",
        "Restore all rows that were removed from the batch ID, or those of one status.",
    ),
    "undo": LazyCommand(
        "batchbook.cli.batches.editing_commands:undo",
        "Undo the latest operation of the user on the batch ID that is not undone yet.",
    ),
    "redo": LazyCommand(
        "batchbook.cli.batches.editing_commands:redo",
        "Redo what the user undid last on the batch ID, unless they changed anything since.",
    ),
    "duplicates": LazyCommand(
        "batchbook.cli.batches.duplicate_commands:list_duplicates",
        "List the duplicates in the batch ID, with the rows of each group.",
    ),
    "deduplicate": LazyCommand(
        "batchbook.cli.batches.duplicate_commands:deduplicate",
        "Keep one row of each group of duplicates in the batch ID, and remove the others.",
    ),
    "worksheet": LazyCommand(
        "batchbook.cli.batches.export_commands:worksheet",
        "Write the rows of the batch ID into a workbook, to be corrected in a spreadsheet program.",
    ),
    "worksheet-apply": LazyCommand(
        "batchbook.cli.batches.export_commands:worksheet_apply",
        "Apply the changes in the worksheet FILE to the batch ID, except to cells that were changed there since.",
    ),
    "problems": LazyCommand(
        "batchbook.cli.batches.editing_commands:list_problems",
        "List the problems in the cells of the batch ID, similar ones together, the worst and most frequent first.",
    ),
    "matches": LazyCommand(
        "batchbook.cli.batches.match_commands:list_matches",
        "List the codes of the batch ID that are unknown, each with the records that it may mean, the likeliest first.",
    ),
    "match": LazyCommand(
        "batchbook.cli.batches.match_commands:match",
        "Match the rows of the batch ID with the unknown CODE with RECORD, and remember that for the vendor.",
    ),
    "unmatch": LazyCommand(
        "batchbook.cli.batches.match_commands:unmatch",
        "Give the rows of the batch ID that have CODE in the list that code back, and forget what was remembered of it.",
    ),
    "new-records": LazyCommand(
        "batchbook.cli.batches.match_commands:new_records",
        "Make a batch of new records of the rows of the batch ID with unknown codes, and print its number.",
    ),
    "fix": LazyCommand(
        "batchbook.cli.batches.editing_commands:fix",
        "Replace the same text in all cells of the batch ID that have a problem with it.",
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
        "Mark the batch ID as complete, ready to be reviewed and executed.",
    ),
    "reopen": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:reopen",
        "Reopen the batch ID, which was marked as complete, for changes.",
    ),
    "replay": LazyCommand(
        "batchbook.cli.batches.review_commands:replay",
        "Apply the corrections that people made to an earlier batch of the same source to the batch ID, where they fit.",
    ),
    "send-back": LazyCommand(
        "batchbook.cli.batches.review_commands:send_back",
        "Send the batch ID, which is marked as complete, back to be corrected, with a reason.",
    ),
    "comment": LazyCommand(
        "batchbook.cli.batches.review_commands:comment",
        "Add the comment TEXT to the batch ID, or to a row or cell of it; @NAME in it tells a user.",
    ),
    "comments": LazyCommand(
        "batchbook.cli.batches.review_commands:list_comments",
        "List the comments on the batch ID, with users and times, the oldest first.",
    ),
    "approve": LazyCommand(
        "batchbook.cli.batches.policy_commands:approve",
        "Approve the content of the batch ID as it is now. Any later change of it voids this.",
    ),
    "sign": LazyCommand(
        "batchbook.cli.batches.policy_commands:sign",
        "Sign the execution of the batch ID as it is now, with the password of the user; “execute” comes next.",
    ),
    "execute": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:execute",
        "Execute the batch ID. This cannot be undone: from then on the batch is frozen.",
    ),
    "schedule": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:schedule",
        "Schedule the execution of the batch ID, in place of a time that is set already.",
    ),
    "unschedule": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:unschedule",
        "Cancel the scheduled execution of the batch ID.",
    ),
    "refresh-all": LazyCommand(
        "batchbook.cli.batches.several_commands:refresh_all",
        "Refresh all batches of TYPE that can be refreshed, one after the other.",
    ),
    "execute-all": LazyCommand(
        "batchbook.cli.batches.several_commands:execute_all",
        "Execute all batches of TYPE that are marked as complete, one after the other.",
    ),
    "make": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:make",
        "Make a batch of TYPE of the rows of the batch ID that are not removed, and print its number.",
    ),
    "clone": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:clone",
        "Create an open batch with the header, rows and files of the batch ID, and print its number.",
    ),
    "reverse": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:reverse",
        "Create a batch that restores the values before the execution of the batch ID, and print its number.",
    ),
    "hand-over": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:hand_over_batches",
        "Hand over the batches ID, or all unfinished batches of the user --from, to another user.",
    ),
    "delete": LazyCommand(
        "batchbook.cli.batches.lifecycle_commands:delete",
        "Delete the batch ID, with its rows, files and history, unless it was executed.",
    ),
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS)
def batch() -> None:
    """Batches of every type: create, browse, edit, execute.

    ID is a batch's number, with or without its leading zeros. A command that changes something acts on behalf of the
    user given by --as, with that user's permissions. A command that only reads shows everything, or with --as only
    what that user may see.
    """
