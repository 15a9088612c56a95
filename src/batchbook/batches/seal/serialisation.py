"""The canonical serialisation of a batch: each record is a line of JSON, and lines are digested in chunks.

Records are read in order of their keys and at flat memory: there is one chunk of them at a time, by column, and no object
for a row. ``docs/reference/seal-format.md`` describes the format for those who recompute it.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property, partial
from heapq import merge
from itertools import chain, groupby, repeat
from typing import Any
from zlib import crc32

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from batchbook.batches.cell_chunks import StoredCell, has_chunks, packed_cells
from batchbook.batches.models import Batch
from batchbook.batches.seal.column_arrays import ColumnArrays, ColumnTokens
from batchbook.batches.seal.parts import Section, content_sections
from batchbook.batches.seal.values import canonical_json
from batchbook.db.bulk_writing import chunked

#: The number of bytes of the short digests that tell where in a chunk a difference is.
SHORT = 4

#: The key of a record within its batch, such as the number of a row.
Key = tuple[int, ...]


class Chunk:
    """Consecutive records of a section: their keys, their lines, and the values of each column as a JSON array.

    The lines are composed by ``compose``, with the arrays, when they are asked for first, perhaps by another thread.
    """

    def __init__(
        self, position: int, keys: Sequence[Key], compose: Callable[[], tuple[list[bytes], list[str]]]
    ) -> None:
        self.position = position
        self.keys = keys
        self._compose = compose

    @cached_property
    def _composed(self) -> tuple[list[bytes], list[str]]:
        return self._compose()

    @property
    def lines(self) -> list[bytes]:
        """The lines of the records, each with its line break."""
        return self._composed[0]

    @property
    def columns(self) -> list[str]:
        """The values of each column as a JSON array."""
        return self._composed[1]

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the lines."""
        return hashlib.sha256(b"".join(self.lines)).digest()

    @cached_property
    def row_digests(self) -> bytes:
        """A short digest of each line."""
        return _short(self.lines)

    @cached_property
    def column_digests(self) -> bytes:
        """A short digest of each column."""
        return _short(map(_encoded, self.columns))


def _short(texts: Iterable[bytes]) -> bytes:
    # They tell where a difference is; that there is one, the SHA-256 tells. Others take four times as long.
    return struct.pack(f">{len(found)}I", *found) if (found := [*map(crc32, texts)]) else b""


def _encoded(text: str) -> bytes:
    # JSON in the database may have half of a pair of surrogates, as an escape, which is what this makes of it again.
    return text.encode(errors="backslashreplace")


def chunks_of(connection: Connection, section: Section, batch_id: int) -> Generator[Chunk]:
    """Yield the records of a batch in ``section``, in order of their keys and in chunks; none if there are no records."""
    source = ColumnArrays(connection, section, batch_id)
    position, last = 0, None
    are_arrays = source.are_possible and not (section.is_of_cells and has_chunks(connection, batch_id))
    while are_arrays:
        arrays = source.read(last)
        if arrays is None:
            break
        chunk = _chunk_of_arrays(section, arrays, position)
        if chunk is None:
            return
        yield chunk
        if len(chunk.keys) < section.chunk_rows:
            return
        position, last = position + 1, chunk.keys[-1]
    yield from read_chunks(connection, section, batch_id, last, position)


def _chunk_of_arrays(section: Section, arrays: Sequence[str], position: int) -> Chunk | None:
    """Return the chunk of which the database returned the columns; ``None`` if it has no records."""
    names = [column.name for column in section.columns]
    numbers = [json.loads(arrays[names.index(name)]) for name in section.record_key]
    keys: list[Key] = [*zip(*numbers, strict=True)]

    def compose() -> tuple[list[bytes], list[str]]:
        columns = [
            ColumnTokens.of(column, array, len(keys))
            for column, array in zip(section.columns, arrays, strict=True)
        ]
        return _lines(names, [one.tokens for one in columns], len(keys)), [one.array for one in columns]

    return Chunk(position, keys, compose) if keys else None


def read_chunks(
    connection: Connection, section: Section, batch_id: int, after: Key | None = None, first: int = 0
) -> Generator[Chunk]:
    """Yield chunks as :func:`chunks_of` does, composed in Python; the ``first`` one begins after the key ``after``."""
    names = [column.name for column in section.columns]
    keys = [names.index(name) for name in section.record_key]
    read = _read_cells if section.is_of_cells else _read
    for position, rows in enumerate(read(connection, section, batch_id, after), first):
        values = [*zip(*rows, strict=True)]
        found = [*zip(*(values[at] for at in keys), strict=True)] or [()]
        yield Chunk(position, found, partial(_composed, section, names, values))


def _composed(
    section: Section, names: Sequence[str], values: Sequence[Sequence[Any]]
) -> tuple[list[bytes], list[str]]:
    tokens = [column.tokens(stored) for column, stored in zip(section.columns, values, strict=True)]
    return _lines(names, tokens, len(tokens[0])), [f"[{','.join(column)}]" for column in tokens]


def _lines(names: Sequence[str], tokens: Sequence[str | list[str]], count: int) -> list[bytes]:
    """Return ``count`` lines of the columns ``names``, whose tokens are a text where all of them are the same."""
    parts: list[Iterable[str]] = []
    between = "{"
    for name, found in zip(names, tokens, strict=True):
        between += f"{canonical_json(name)}:"
        if isinstance(found, str):
            between += f"{found},"
        else:
            parts += [repeat(between, count), found]
            between = ","
    parts.append(repeat(f"{between.removesuffix(',')}}}\n", count))
    # The fastest way that there is: many times more lines are composed here than anything else.
    lines = [*map("".join, zip(*parts, strict=True))]
    try:
        return [*map(str.encode, lines)]
    except UnicodeEncodeError:
        return [*map(_encoded, lines)]


def _read(
    connection: Connection, section: Section, batch_id: int, after: Key | None
) -> Iterator[Sequence[Any]]:
    """Yield the stored values of the records, as the driver returns them, in chunks."""
    quote = connection.dialect.identifier_preparer.quote
    on_postgresql = connection.dialect.name == "postgresql"
    mark = "%s" if on_postgresql else "?"
    # JSON as text, because the driver would read its numbers as floats.
    columns = ", ".join(
        f"{quote(column.name)}::text" if on_postgresql and column.kind == "json" else quote(column.name)
        for column in section.columns
    )
    later = (
        f" AND ({', '.join(map(quote, section.record_key))}) > ({', '.join([mark] * len(after))})"
        if after
        else ""
    )
    statement = (
        f"SELECT {columns} FROM {quote(section.table)} WHERE {quote(section.batch_column)} = {mark}{later}"  # noqa: S608 - Names are quoted.
        f" ORDER BY {', '.join(map(quote, section.key))}"
    )
    options = {"stream_results": True, "max_row_buffer": section.chunk_rows}
    values = (batch_id, *(after or ()))
    with connection.exec_driver_sql(statement, values, execution_options=options) as found:
        yield from found.partitions(section.chunk_rows)


def _read_cells(
    connection: Connection, section: Section, batch_id: int, after: Key | None
) -> Iterator[Sequence[Any]]:
    """Yield changed cells as :func:`_read` does, those in chunks among the others."""
    names = [column.name for column in section.columns]
    places = [names.index(name) for name in section.record_key]
    taken = [StoredCell._fields.index(name) for name in names]
    stored = (
        (*values, None if issues is None else json.dumps(issues))
        for *values, issues in packed_cells(connection, batch_id, after)
    )
    unpacked = ([values[at] for at in taken] for values in stored)
    rows = chain.from_iterable(_read(connection, section, batch_id, after))
    # SQL can store texts in SQLite's columns of numbers, and these are not compared with numbers.
    in_order = merge(rows, unpacked, key=lambda cell: [(type(cell[at]).__name__, cell[at]) for at in places])
    yield from chunked(in_order, section.chunk_rows)


def runs_of(keys: Sequence[Key]) -> str:
    """Return ``keys``, in order, as JSON: for each run without gaps, its first key and the number of keys."""
    if keys and not keys[0]:
        return canonical_json([[len(keys)]])
    if keys and len(keys[0]) == 1 and keys[-1][0] - keys[0][0] == len(keys) - 1:
        return canonical_json([[keys[0][0], len(keys)]])  # As rows are that nobody added or deleted.
    # Along a run without gaps, the difference between the last number and the position stays the same.
    grouped = groupby(enumerate(keys), key=lambda found: (*found[1][:-1], found[1][-1] - found[0]))
    runs = ([key for _, key in group] for _, group in grouped)
    return canonical_json([[*run[0], len(run)] for run in runs])


def keys_of(runs: Sequence[Sequence[int]]) -> list[Key]:
    """Return the keys of which :func:`runs_of` made ``runs``."""
    keys: list[Key] = []
    for *first, count in runs:
        keys += [(*first[:-1], first[-1] + step) for step in range(count)] if first else [()] * count
    return keys


def digest_of(digests: Iterable[bytes]) -> str:
    """Return the SHA-256, in hexadecimal, of ``digests`` one after the other."""
    return hashlib.sha256(b"".join(digests)).hexdigest()


def content_digest(session: Session, batch: Batch) -> str:
    """Return the digest of the content of ``batch`` as it is stored now: its header, its rows and its files.

    It changes with every edit, also by SQL, and not with the batch's way through its states. All rows are read.
    """
    connection = session.connection()
    tables = [
        [section.table, digest_of(chunk.digest for chunk in chunks_of(connection, section, batch.id))]
        for section in content_sections(session, batch)
    ]
    return hashlib.sha256(canonical_json(tables).encode()).hexdigest()
