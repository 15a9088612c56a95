"""The rows or records that a person chose to make a batch of: kept with the batch as a file, and read when it is populated.

The file has their numbers, one a line, in the order of the grid: so the batch gets the rows that the person saw, whatever the
filters would find by then, also when it is populated a second time; and it tells for good what the batch was made from.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Select, String, select

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.files import CHOSEN, open_file, store_file
from batchbook.batches.models import CHOSEN_ROWS, Batch, BatchFile
from batchbook.batches.rows.issues import Issue, issue
from batchbook.batches.rows.row_values import Block
from batchbook.batches.rows.scope import table_of
from batchbook.batches.sources.declaration import FromSearch, Source
from batchbook.db.base import scalar_defaults
from batchbook.db.number_sets import is_listed
from batchbook.errors import Conflict
from batchbook.grid import CellError, Column, columns_of, parse, to_text
from batchbook.words import counted

#: The number of rows that are read together.
_TOGETHER = 2_000
_TEXTS = {True: "yes", False: "no"}
_GONE = "{} cannot be populated: what it was made from is no longer there. Delete it, and make another one."


@dataclass(frozen=True)
class ChosenRows:
    """Rows of ``batch``, or records, of which a batch is made: their ``numbers`` in the order of the grid.

    ``columns`` are those of the declared ``source`` that the person may see, and ``left_out`` the labels of the others. ``one``
    and ``many`` are the nouns for what is chosen.
    """

    source: Source
    numbers: Sequence[int]
    columns: Mapping[str, str]
    batch: Batch | None = None
    left_out: Sequence[str] = ()
    one: str = "row"
    many: str = "rows"

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.numbers)

    @property
    def words(self) -> str:
        """The rows in words, such as “214 rows of batch 00000012”."""
        of = "" if self.batch is None else f" of batch {self.batch.number}"
        return f"{counted(self.count, self.one, self.many)}{of}"

    @property
    def header(self) -> dict[str, Any]:
        """The values of the new header that come from the batch, by field."""
        return {own: getattr(self.batch, theirs) for theirs, own in self.source.header.items()}

    def header_values(self, given: Collection[str]) -> dict[str, Any]:
        """Return the values of the new header: what it is made from, and values of the batch for fields not among ``given``."""
        taken = {name: value for name, value in self.header.items() if name not in given}
        return taken | {"made_from": self.batch and self.batch.id, "params": self.params}

    @property
    def params(self) -> dict[str, Any]:
        """What the new header keeps to find the rows when it is populated."""
        return {CHOSEN_ROWS: {"source": self.source.name, "columns": dict(self.columns)}}

    def store(self, context: ActionContext) -> None:
        """Store the numbers with the new batch of ``context``, whatever its handler has made of the header's ``params``."""
        context.batch.params = context.batch.params | self.params
        lines = io.BytesIO("".join(f"{number}\n" for number in self.numbers).encode())
        name = f"{self.many}-of-{self.batch.number}.txt" if self.batch else f"{self.many}.txt"
        store_file(context.handler_context, context.batch, name, lines, CHOSEN)


def chosen_source_rows(context: ActionContext) -> Iterator[Block]:
    """Yield the values of the rows or records that the batch of ``context`` was made from, in blocks.

    Those that were removed or deleted meanwhile are left out, and those that the source adds up are one row. A number that people
    could not enter, such as a negative count, is left out with an issue. Raises ``Conflict`` if the source is no longer there.
    """
    blocks = _blocks(context)
    adds = _declared(context, context.batch.params[CHOSEN_ROWS]).adds
    return _within_limits(context, blocks if adds is None else _added_up(blocks, adds))


def _declared(context: ActionContext, kept: Mapping[str, Any]) -> Source:
    """Return the source that the batch keeps; raise ``Conflict`` where its type no longer declares that."""
    source = next((one for one in context.handler.sources if one.name == kept["source"]), None)
    if source is None:
        raise Conflict(_GONE.format(context.batch))
    return source


def _within_limits(context: ActionContext, blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield ``blocks`` with empty cells, and an issue for each, in place of numbers beyond the limits of their columns."""
    columns: list[Column] = []
    for at, block in enumerate(blocks):
        if at == 0:
            columns = [one for one in columns_of(context.row, block.columns) if _is_limited(context, one)]
        issues: dict[int, list[Issue]] = {}
        values = dict(block.values)
        for column in columns:
            found = _beyond(column, values[column.name])
            if found:
                own = values[column.name]
                values[column.name] = [None if place in found else one for place, one in enumerate(own)]
                for place, one in found.items():
                    issues.setdefault(place, []).append(one)
        values |= {"issues": [issues.get(place) for place in range(len(block))]} if issues else {}
        yield Block.of_columns(values) if issues else block


def _is_limited(context: ActionContext, column: Column) -> bool:
    """Return whether people cannot enter every number in ``column``, and whether its cell may be empty instead."""
    stored = context.row.__mapper__.columns[column.name]
    has_limits = column.minimum is not None or column.maximum is not None
    return has_limits and (stored.nullable or column.name in scalar_defaults(context.row.__mapper__.columns))


def _beyond(column: Column, values: Sequence[Any]) -> dict[int, Issue]:
    """Return an issue for each of ``values`` beyond the limits of ``column``, by its place."""
    low, high, found = column.minimum, column.maximum, {}
    for place, value in enumerate(values):
        if value is None or ((low is None or value >= low) and (high is None or value <= high)):
            continue
        text = to_text(column, value)
        try:
            parse(column, text)
        except CellError as error:
            found[place] = issue(column.name, error.code, error.message, raw=text)
    return found


def _added_up(blocks: Iterator[Block], adds: Sequence[str]) -> Iterator[Block]:
    """Yield the rows of ``blocks``, of which those that differ only in the columns ``adds`` are one, with the sums of these.

    Each is where its first row was. What they take in memory are the different ones, which are at most the records of a catalogue.
    """
    sums: dict[tuple[Any, ...], list[Any]] = {}
    names: Sequence[str] = ()
    for block in blocks:
        names = block.columns
        places = [at for at, name in enumerate(names) if name in adds]
        for record in block.rows():
            values = [*record.values()]
            key = tuple(value for at, value in enumerate(values) if at not in places)
            known = sums.setdefault(key, values)
            if known is not values:
                for at in places:
                    known[at] = _sum(known[at], values[at])
    records = iter(sums.values())
    while together := [*islice(records, _TOGETHER)]:
        yield Block(names, together)


def _sum(one: Any, other: Any) -> Any:
    """Return the sum of two numbers, of which an empty one counts as nothing."""
    return other if one is None else one if other is None else one + other


def _blocks(context: ActionContext) -> Iterator[Block]:
    kept = context.batch.params[CHOSEN_ROWS]
    names = [*kept["columns"].values()]
    numbers, statement, key = array("q", _numbers(context)), *_selected(context, kept)
    context.handler.expected_rows = len(numbers)
    texts = _text_columns(context, names)
    connection, remaining = context.session.connection(), iter(numbers)
    while together := [*islice(remaining, _TOGETHER)]:
        found = connection.execute(statement.where(is_listed(key, together, connection.dialect)))
        by_number = {row[0]: row[1:] for row in found}
        records = [by_number[number] for number in together if number in by_number]
        yield Block(names, [_as_texts(one, texts) for one in records] if texts else records)


def _selected(context: ActionContext, kept: Mapping[str, Any]) -> tuple[Select[Any], Any]:
    """Return the SELECT of number and values of all rows of the source, and the column with the number."""
    source, theirs = _declared(context, kept), [*kept["columns"]]
    if isinstance(source, FromSearch):
        return source.selected(theirs), source.id
    batch = context.session.get(Batch, context.batch.made_from) if context.batch.made_from else None
    if batch is None:
        raise Conflict(_GONE.format(context.batch))
    row = context.types[batch.type].rows.of(batch)
    table = table_of(row)
    columns = [row.__mapper__.columns[name] for name in theirs]
    statement = select(table.c.sequence, *columns).where(table.c.batch_id == batch.id, ~table.c.removed)
    return statement, table.c.sequence


def _numbers(context: ActionContext) -> Iterator[int]:
    wanted = select(BatchFile).where(BatchFile.batch_id == context.batch.id, BatchFile.role == CHOSEN)
    record = context.session.scalars(wanted).one()
    with open_file(context.session, record) as lines:
        yield from map(int, lines)


def _text_columns(context: ActionContext, names: Sequence[str]) -> list[int]:
    """Return the places among ``names``, columns of the rows, of those that store texts."""
    columns = context.row.__mapper__.columns
    return [at for at, name in enumerate(names) if isinstance(columns[name].type, String)]


def _as_texts(record: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """Return ``record`` with the values at ``places`` as texts, because another type may store them in another way."""
    values = list(record)
    for at in places:
        value = values[at]
        if value is not None and not isinstance(value, str):
            values[at] = _TEXTS[value] if isinstance(value, bool) else str(value)
    return values
