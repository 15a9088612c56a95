"""Soak, and say how it went: ``python -m soak --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.databases import DATABASES

from soak.network.hosts import obstacle
from soak.network.run import of_command
from soak.run import soak


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 1 if anything is not as it should be."""
    options = _parser().parse_args(arguments)
    if options.network:
        return _network(options)
    wrong = 0
    for name in options.database:
        server = DATABASES[name]()
        try:
            outcome = soak(server, options.batches, options.rows, options.seconds)
        finally:
            server.close()
        print(outcome, flush=True)
        wrong += len(outcome.complaints)
    return 1 if wrong else 0


def _network(options: argparse.Namespace) -> int:
    if (why := obstacle()) is not None:
        print(f"Hosts on a network of their own can't be made here. {why}", file=sys.stderr)
        return 2
    figures = of_command(options)
    print(figures, flush=True)
    return 1 if figures.complaints else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m soak", description=sys.modules["soak"].__doc__)
    parser.add_argument("--batches", type=int, default=40, help="how many batches (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=8_000, help="rows of each (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=900, help="the longest time (default: %(default)s)")
    parser.add_argument(
        "--database", nargs="+", choices=list(DATABASES), default=list(DATABASES), help="which (default: all)"
    )
    parser.add_argument(
        "--network",
        action="store_true",
        help="imports on several hosts, with pauses, cuts and slow links between them and PostgreSQL",
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=Path("build/soak-network.json"),
        help="the file for the figures of --network; a log is written beside it (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
