"""Blocks of cells pasted into an import: what the server takes until they are stored, refreshed and counted.

``python -m benchmarks.cells`` measures 10,000 rows of five columns in an import of 30,000.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from batchbook.batches.editing.cell_blocks import BlockKind, CellBlock, store_block
from batchbook.cli import OBJECTS_BETWEEN_COLLECTIONS
from benchmarks.databases import DATABASES, DatabaseServer
from benchmarks.imports import OurImport, write_catalog, write_table

#: What is aimed at: seconds of a block of so many rows.
MOST_SECONDS, ROWS = 2.0, 10_000
#: The rows of the batch for each row of the block.
_WHOLE = 3
COLUMNS = ("new_description", "new_size", "new_category", "new_price", "new_on_hand")


@dataclass(frozen=True)
class BlockCost:
    """The seconds (medians) until a block of that many ``rows`` and ``cells`` was stored, with the commit.

    ``processor`` are those that this process was at work, which on SQLite includes the database.
    """

    rows: int
    cells: int
    seconds: float
    processor: float

    @property
    def is_met(self) -> bool:
        """Whether it took no longer than is aimed at."""
        return self.rows > ROWS or self.seconds <= MOST_SECONDS


def block_cost(server: DatabaseServer, folder: Path, rows: int, rounds: int) -> BlockCost:
    """Paste a block into an import ``rounds`` times, each time other texts in all of its cells."""
    url = server.fresh()
    side = OurImport(url)
    try:
        side.take_in(write_table(folder / f"{rows}.csv", rows * _WHOLE))
        server.analyze(url)
        times, worked, cells = [], [], 0
        for number in range(rounds + 1):
            block = CellBlock(COLUMNS, [_line(row, number) for row in range(rows)])
            start, began = perf_counter(), process_time()
            cells = _paste(side, block, rows)
            times.append(perf_counter() - start)
            worked.append(process_time() - began)
        # The first one warms everything up.
        return BlockCost(rows, cells, median(times[1:]), median(worked[1:]))
    finally:
        side.close()
        server.drop(url)


def _line(row: int, number: int) -> list[str]:
    price = f"{row % 50 + 1}.{number % 100:02d}"
    return [f"PASTED {row} {number}", f"{row % 9} OZ {number}", f"CATEGORY {row % 7 + number}", price,
            str(row % 77 * 100 + number)]  # fmt: skip


def _paste(side: OurImport, block: CellBlock, rows: int) -> int:
    with side.engine() as engine:
        edits = block.edits(range(1, rows + 1), {})
        return store_block(engine, side.batch_id, edits, BlockKind.PASTE).edited.cells


def cost_lines(cost: BlockCost) -> Iterator[str]:
    """Yield the figures as lines."""
    verdict = "" if cost.is_met else "   over target"
    yield (
        f"  a block of {cost.rows:,} rows, {cost.cells:,} cells{cost.seconds:>14.3f} s{verdict}"
        f"   ({cost.processor:.3f} s of processor time)"
    )
    yield f"target: {ROWS:,} rows of {len(COLUMNS)} cells take at most {MOST_SECONDS:g} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cells", description="Blocks of cells.")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the block (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default: %(default)s)")
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
                cost = block_cost(server, Path(folder), options.rows, options.rounds)
        finally:
            server.close()
        print(f"\n{server.name}", *cost_lines(cost), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
