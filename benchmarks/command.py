"""The command of a benchmark that can be run by itself, ``python -m benchmarks.NAME``: its options, databases and output."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.databases import DATABASES, DatabaseServer

#: Measures on a server, in a folder, with so many rows and rounds, and yields the figures as lines of text.
Measure = Callable[[DatabaseServer, Path, int, int], Iterator[str]]


def run_alone(name: str, description: str | None, measure: Measure) -> int:
    """Run the benchmark called ``name`` on the databases that the arguments of the process name; return the exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", nargs="+", choices=list(DATABASES), default=list(DATABASES))
    options = parser.parse_args()
    for database in options.database:
        server = DATABASES[database]()
        try:
            with TemporaryDirectory() as folder:
                lines = [*measure(server, Path(folder), options.rows, options.rounds)]
        finally:
            server.close()
        print(server.name, *lines, sep="\n", flush=True)
    return 0
