"""Messages of the database's triggers when they refuse a change."""

from __future__ import annotations

#: The number of the batch is not known there.
MESSAGE = "An executed batch is frozen: nothing in it can be changed."

#: For the tables in which is kept what batches did.
RECORD_MESSAGE = (
    "An append-only table: its rows can be neither changed nor deleted, and a row can name a batch only while that is"
    " being executed."
)

#: For what has come to its end, such as a job.
ENDED_MESSAGE = (
    "What has ended is kept as it is: it can be neither changed nor invented, nor deleted before its time."
)
