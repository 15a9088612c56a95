"""The history of bulk changes: what it takes to store, to find a changed cell again, and to undo.

``python -m benchmarks.changes`` pastes 1,000,000 cells into an import as one operation, then undoes a block of 50,000 cells
and the removal of 100,000 rows.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import URL, func, select, text
from sqlalchemy.pool import NullPool

from batchbook.batches.changed_rows import changed_by_others, differing_cells
from batchbook.batches.editing import RowRemover
from batchbook.batches.editing.cell_blocks import BlockKind, CellBlock, store_block
from batchbook.batches.editing.undo import Undoer
from batchbook.cli import OBJECTS_BETWEEN_COLLECTIONS
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from benchmarks.databases import DATABASES, DatabaseServer
from benchmarks.imports import OurImport, write_catalog, write_table

#: What is aimed at: bytes of a changed cell, with indexes.
MOST_BYTES = 60
COLUMNS = ("new_description", "new_size", "new_category", "new_price", "new_on_hand")
#: The rows of the block of 50,000 cells, and those that are removed.
_BLOCK, _REMOVED = 10_000, 100_000
#: The tables that have changed cells.
_TABLES = "cell_change%", "cell_chunk%"


@dataclass(frozen=True)
class ChangesCost:
    """What the history of ``cells`` cells takes: bytes of a cell, and by what was done, seconds and those of the processor."""

    cells: int
    bytes_a_cell: float
    seconds: dict[str, tuple[float, float]]


def changes_cost(server: DatabaseServer, folder: Path, rows: int) -> ChangesCost:
    """Change all five columns of an import of so many ``rows``, and undo blocks of it."""
    url = server.fresh()
    side = OurImport(url)
    seconds: dict[str, tuple[float, float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        gc.collect()
        start, began = perf_counter(), process_time()
        result = work()
        seconds[name] = perf_counter() - start, process_time() - began
        return result

    try:
        side.take_in(write_table(folder / f"{rows}.csv", rows))
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


def _paste(side: OurImport, rows: int, number: int) -> int:
    block = CellBlock(COLUMNS, [_line(row, number) for row in range(rows)])
    with side.engine() as engine:
        return store_block(
            engine, side.batch_id, block.edits(range(1, rows + 1), {}), BlockKind.PASTE
        ).edited.cells


def _line(row: int, number: int) -> list[str]:
    price = f"{row * 37 % 9_900 // 100 + 1}.{(row + number) % 100:02d}"
    return [f"PRODUCT {row % 10_007} {number}", f"{row % 64} OZ {number}", f"CLASS {row % 90 + number}", price,
            str(row * 13 % 500 + number + 500)]  # fmt: skip


def _of_window(side: OurImport, first: int) -> int:
    with side.engine() as engine:
        return len([*differing_cells(engine.session, side.batch_id, range(first, first + 50))])


def _of_person(side: OurImport) -> int:
    with side.engine() as engine:
        found = changed_by_others(side.batch_id, None, 0).distinct().subquery()
        return engine.session.scalar(select(func.count()).select_from(found)) or 0


def _undo(side: OurImport) -> int:
    with side.engine() as engine:
        return Undoer(engine).undo(side.batch_id).undone


def _remove(side: OurImport, rows: int) -> int:
    with side.engine() as engine:
        row = engine.context_of(engine.find(side.batch_id)).row
        return RowRemover(engine).remove_where(side.batch_id, row.sequence <= rows)


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


def cost_lines(cost: ChangesCost) -> Iterator[str]:
    """Yield the figures as lines."""
    verdict = "" if cost.bytes_a_cell <= MOST_BYTES else f"   over target ({MOST_BYTES})"
    yield f"  a changed cell of {cost.cells:,}{cost.bytes_a_cell:>20.1f} bytes{verdict}"
    for name, (seconds, worked) in cost.seconds.items():
        yield f"  {name:<44}{seconds:>9.3f} s   ({worked:.3f} s of processor time)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.changes", description="Bulk changes.")
    parser.add_argument("--rows", type=int, default=200_000, help="rows of five cells (default: %(default)s)")
    parser.add_argument(
        "--database", nargs="+", choices=list(DATABASES), default=list(DATABASES), help="which (default: all)"
    )
    options = parser.parse_args(arguments)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)  # As the server does.
    for name in options.database:
        server = DATABASES[name]()
        try:
            with TemporaryDirectory() as folder:
                server.prepare(write_catalog(Path(folder) / "products.csv"))
                cost = changes_cost(server, Path(folder), options.rows)
        finally:
            server.close()
        print(f"\n{server.name}", *cost_lines(cost), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
