"""The writer of the rows that ``populate`` yields: numbered, completed with defaults, written in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.rows.blocks import Block, RowValues
from batchbook.batches.rows.storable_cells import CellCheck
from batchbook.db.base import scalar_defaults
from batchbook.db.bulk_writing import bulk_insert_columns

#: The columns that the engine fills, not the handler.
_NUMBERED = ("batch_id", "sequence")


class RowWriter:
    """Writes the rows of a batch that has none yet."""

    def __init__(self, work: ActionContext) -> None:
        self._work = work
        self._table = table = work.rows().table
        columns = [column for column in table.columns if column.name not in _NUMBERED]
        self._defaults = dict.fromkeys(column.name for column in columns) | scalar_defaults(table.columns)
        # What no row of a block says costs nothing if it is left to the database: null, or the default there where
        # the model has one too, as they say the same.
        defaults = self._defaults
        self._needless = {c.name for c in columns if (defaults[c.name] is None) == (c.server_default is None)}
        self._check = CellCheck(table, work.session.get_bind().dialect, work.handler.statuses)
        self.written = 0

    def write(self, rows: Iterable[RowValues | Block]) -> None:
        """Write ``rows``, and report after each block how many were written; raise ``ValueError`` for a wrong name.

        A value that its column does not store becomes an issue of its cell, see :class:`CellCheck`.
        """
        connection = self._work.session.connection()
        handler = self._work.handler
        for block in _blocks(rows, handler.chunk_size, self._defaults):
            _check_names(set(block.columns), self._defaults)
            bulk_insert_columns(connection, self._table, self._numbered(block))
            self.written += len(block)
            self._work.progress.report("populate", self.written, handler.expected_rows)

    def _unsaid(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the defaults that have to be written for rows that say ``values`` by column."""
        skipped = self._needless | values.keys()
        return {name: value for name, value in self._defaults.items() if name not in skipped}

    def _numbered(self, block: Block) -> dict[str, Sequence[Any]]:
        """Return the values of ``block`` by column, with those that are not the handler's to say."""
        size, first = len(block), self.written + 1
        numbers = ([self._work.batch.id] * size, range(first, first + size))
        values = self._check.columns(block.values)
        more = {name: [value] * size for name, value in self._unsaid(values).items()}
        return {**dict(zip(_NUMBERED, numbers, strict=True)), **values, **more}


def _blocks(rows: Iterable[RowValues | Block], size: int, defaults: Mapping[str, Any]) -> Iterator[Block]:
    """Yield ``rows`` in blocks: those that come one by one together, ``size`` at the most, in their order."""
    single: list[RowValues] = []
    for row in rows:
        if isinstance(row, Block):
            yield from _together(single, defaults)
            single = []
            yield row
        else:
            single.append(row)
            if len(single) == size:
                yield from _together(single, defaults)
                single = []
    yield from _together(single, defaults)


def _together(rows: Sequence[RowValues], defaults: Mapping[str, Any]) -> Iterator[Block]:
    if rows:
        used: set[str] = set().union(*rows)
        _check_names(used, defaults)
        named = {name: value for name, value in defaults.items() if name in used}
        yield Block(tuple(named), [tuple({**named, **row}.values()) for row in rows])


def _check_names(used: Set[str], known: Mapping[str, Any]) -> None:
    if not used <= known.keys():
        unknown = ", ".join(sorted(used - known.keys()))
        raise ValueError(f"populate yielded a row with columns that its table does not have: {unknown}")
