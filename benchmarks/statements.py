"""The statements in which a work spends its time: ``python -m benchmarks.statements sqlite price_change 100000 execute``.

It runs the works of a batch in their order up to the last one that is asked for, each once, and prints for those that are asked
for how long they took, and the share of each statement, the longest first. What is left is Python, and fetching rows.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, event

from benchmarks.databases import DATABASES
from benchmarks.floors import FLOORS
from benchmarks.inputs import make_inputs
from benchmarks.report import table
from benchmarks.works import MOST_SHEET_ROWS, TYPES, Work, works_of
from benchmarks.works.laps import prepare_work
from benchmarks.works.product import Product

#: The most statements that are told of a work, and the characters of each.
_TOLD, _WIDTH = 12, 100


class StatementTimes:
    """The seconds of statements, by their text, from the moment at which they are sent until the driver returns."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._began = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note the statements of all engines in the block."""
        listeners = {"before_cursor_execute": self._begin, "after_cursor_execute": self._end}
        for name, listener in listeners.items():
            event.listen(Engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners.items():
                event.remove(Engine, name, listener)

    def _begin(self, *_arguments: Any) -> None:
        self._began = perf_counter()

    def _end(self, _connection: Any, _cursor: Any, statement: str, *_arguments: Any) -> None:
        self.seconds[re.sub(r"\s+", " ", statement)] += perf_counter() - self._began

    def lines(self, total: float) -> Iterator[Sequence[str]]:
        """Yield the lines of a table: the share of ``total`` seconds, and the statement."""
        for statement, seconds in self.seconds.most_common(_TOLD):
            yield f"{seconds / total:.1%}", statement[:_WIDTH]
        yield f"{1 - self.seconds.total() / total:.1%}", "Python, and fetching"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    options = _options().parse_args(arguments)
    works = works_of(options.type, options.rows)
    wanted = [work for work in works if work in options.works]
    server = DATABASES[options.database]()
    try:
        with TemporaryDirectory() as folder:
            inputs = make_inputs(Path(folder), options.rows, workbook=options.rows <= MOST_SHEET_ROWS)
            server.prepare(inputs.catalogue)
            url = server.fresh("statements")
            product = Product(options.type, url)
            try:
                for work in works[: works.index(wanted[-1]) + 1]:
                    prepare_work(product, url, work)
                    times, start = StatementTimes(), perf_counter()
                    with times.watching():
                        getattr(product, work.value)(inputs)
                    seconds = perf_counter() - start
                    if work in wanted:
                        print(f"\n## {work.label}, {options.rows:,} rows: {seconds:.2f} s\n")
                        print("\n".join(table(("share", "statement"), times.lines(seconds))))
            finally:
                product.close()
    finally:
        server.close()
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statements", description=__doc__)
    parser.add_argument("database", choices=sorted(DATABASES))
    parser.add_argument("type", choices=sorted({*TYPES} & {*FLOORS}))
    parser.add_argument("rows", type=int)
    parser.add_argument("works", nargs="+", type=Work, metavar="WORK", help=", ".join(Work))
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
