"""The history of bulk changes: what it takes to store, to find a changed cell again, and to undo."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from sqlalchemy import URL, func, select, text
from sqlalchemy.pool import NullPool

from batchbook.batches.changed_rows import changed_by_others, differing_cells
from batchbook.batches.editing import RowRemover
from batchbook.batches.editing.cell_blocks import BlockKind, CellBlock, store_block
from batchbook.batches.editing.undo import Undoer
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from benchmarks.databases import DatabaseServer
from benchmarks.inputs import Inputs
from benchmarks.parts.figures import PartFigure, PartRequest
from benchmarks.works.product import Product

#: What is aimed at: bytes of a changed cell, with indexes.
MOST_BYTES = 60
COLUMNS = ("new_description", "new_size", "new_category", "new_price", "new_on_hand")
#: The rows of the block of 50,000 cells, and those that are removed.
_BLOCK, _REMOVED = 10_000, 100_000
#: The tables that have changed cells.
_TABLES = "cell_change%", "cell_chunk%"


def measure(request: PartRequest) -> Iterator[PartFigure]:
    """Yield the bytes of a changed cell, and the seconds of each work with many of them."""
    cost = changes_cost(request.server, request.inputs)
    yield request.figure(
        "changes", f"a changed cell of {cost.cells:,}", cost.bytes_a_cell, "bytes", MOST_BYTES
    )
    for name, seconds in cost.seconds.items():
        yield request.figure("changes", name, seconds, "s")


@dataclass(frozen=True)
class ChangesCost:
    """What the history of ``cells`` cells takes: bytes of a cell, and seconds by what was done."""

    cells: int
    bytes_a_cell: float
    seconds: dict[str, float]


def changes_cost(server: DatabaseServer, inputs: Inputs) -> ChangesCost:
    """Change all five columns of an import of ``inputs``, and undo blocks of it."""
    url, rows = server.fresh("changes"), inputs.rows
    side = Product("import", url)
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        gc.collect()
        start = perf_counter()
        result = work()
        seconds[name] = perf_counter() - start
        return result

    try:
        side.populate_csv(inputs)
        server.analyze(url)
        before = _size(url)
        cells = timed("change all cells", lambda: _paste(side, rows, 0))
        size = (_size(url) - before) / cells
        server.analyze(url)
        timed("cells of 50 rows that differ from the file", lambda: _of_window(side, rows // 2))
        timed("rows that a person changed", lambda: _of_person(side))
        timed("change a block", lambda: _paste(side, min(_BLOCK, rows), 1))
        timed("undo the block", lambda: _undo(side))
        timed("remove rows", lambda: _remove(side, min(_REMOVED, rows)))
        timed("undo the removal", lambda: _undo(side))
        return ChangesCost(cells, size, seconds)
    finally:
        side.close()
        server.drop(url)


def _paste(side: Product, rows: int, number: int) -> int:
    block = CellBlock(COLUMNS, [_line(row, number) for row in range(rows)])
    with side.engine() as engine:
        return store_block(
            engine, side.batch, block.edits(range(1, rows + 1), {}), BlockKind.PASTE
        ).edited.cells


def _line(row: int, number: int) -> list[str]:
    price = f"{row * 37 % 9_900 // 100 + 1}.{(row + number) % 100:02d}"
    return [f"PRODUCT {row % 10_007} {number}", f"{row % 64} OZ {number}", f"CLASS {row % 90 + number}", price,
            str(row * 13 % 500 + number + 500)]  # fmt: skip


def _of_window(side: Product, first: int) -> int:
    with side.engine() as engine:
        return len([*differing_cells(engine.session, side.batch, range(first, first + 50))])


def _of_person(side: Product) -> int:
    with side.engine() as engine:
        found = changed_by_others(side.batch, None, 0).distinct().subquery()
        return engine.session.scalar(select(func.count()).select_from(found)) or 0


def _undo(side: Product) -> int:
    with side.engine() as engine:
        return Undoer(engine).undo(side.batch).undone


def _remove(side: Product, rows: int) -> int:
    with side.engine() as engine:
        row = engine.context_of(engine.find(side.batch)).row
        return RowRemover(engine).remove_where(side.batch, row.sequence <= rows)


def _size(url: URL) -> int:
    """Return the bytes of the tables of changed cells with their indexes."""
    if url.get_backend_name() == "postgresql":
        statement = (
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'"
            " AND (relname LIKE :one OR relname LIKE :other)"
        )
    else:
        statement = (
            "SELECT sum(pgsize) FROM dbstat WHERE name IN"
            " (SELECT name FROM sqlite_master WHERE tbl_name LIKE :one OR tbl_name LIKE :other)"
        )
    with transaction_scope(make_engine(url, poolclass=NullPool)) as session:
        return int(session.scalar(text(statement), dict(zip(("one", "other"), _TABLES, strict=True))))
