"""Evidence of what an action used: figures, and SHA-256 digests of files and rows, for the batch's history.

A file is named with the digest of its bytes. Queries and catalogue data leave no file, and the data that they read change
the next minute: what they delivered is what the rows hold right after the action. The digest of the rows therefore covers
both, values from a file, a query or the catalogue, with the statuses and problems that follow from them. Two refreshes
between which nothing changed, neither the rows nor the data that they are compared with, have equal digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import Column, ColumnElement, Text, cast, func, select, type_coerce
from sqlalchemy.types import NULLTYPE

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.files import INPUT
from batchbook.batches.models import BatchFile
from batchbook.batches.rows.scope import table_of
from batchbook.db.bulk_writing import chunked

#: The number of rows that are read and digested at a time.
_AT_A_TIME = 5_000
#: The number of columns that one call of a function of SQLite gets.
_MOST_ARGUMENTS = 50
#: The columns that differ although nothing else does: the batch's number, and how often and when a row was changed.
_LEFT_OUT = frozenset({"batch_id", "version", "modified_at"})


def evidence_of(context: ActionContext, *, files: bool = False, **figures: Any) -> dict[str, Any]:
    """Return the evidence of an action that has just written the batch's rows: ``figures``, and the digest of the rows.

    With ``files``, the input files of the batch are named with their digests.
    """
    found: dict[str, Any] = {**figures, "rows_sha256": rows_digest(context)}
    if files:
        found["files"] = _files(context)
    return found


def _files(context: ActionContext) -> list[dict[str, str]]:
    file = BatchFile
    statement = select(file.name, file.sha256).where(file.batch_id == context.batch.id, file.role == INPUT)
    named = context.session.execute(statement.order_by(file.number))
    return [{"name": name, "sha256": sha256} for name, sha256 in named]


def rows_digest(context: ActionContext) -> str:
    """Return the SHA-256 of the batch's rows, in their order, as hexadecimal digits.

    The digest is that of one line for each row, which the database makes of its columns in the order of the table: on
    PostgreSQL ``ROW(…)::text``, on SQLite each value as ``printf('%Q', …)`` writes it, with commas between them. The columns
    ``batch_id``, ``version`` and ``modified_at`` are left out.
    """
    table, session = table_of(context.row), context.session
    columns = [column for column in table.columns if column.name not in _LEFT_OUT]
    line = _line(columns, session.get_bind().dialect.name)
    statement = select(line).where(table.c.batch_id == context.batch.id).order_by(table.c.sequence)
    digest = hashlib.sha256()
    options = {"yield_per": _AT_A_TIME, "stream_results": True}
    for block in session.execute(statement, execution_options=options).partitions():
        digest.update("".join([f"{text}\n" for (text,) in block]).encode(errors="surrogatepass"))
    return digest.hexdigest()


def _line(columns: Sequence[Column[Any]], dialect: str) -> ColumnElement[str]:
    stored = [type_coerce(column, NULLTYPE) for column in columns]
    if dialect == "postgresql":
        return cast(func.row(*stored), Text)
    parts = [func.printf(",".join(["%Q"] * len(some)), *some) for some in chunked(stored, _MOST_ARGUMENTS)]
    return reduce(lambda line, part: line.op("||")(",").op("||")(part), parts)
