"""Soak, and say how it went: ``python -m soak --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.databases import DATABASES

from soak.run import soak


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 1 if anything is not as it should be."""
    options = _parser().parse_args(arguments)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m soak", description=sys.modules["soak"].__doc__)
    parser.add_argument("--batches", type=int, default=40, help="how many batches (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=8_000, help="rows of each (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=900, help="the longest time (default: %(default)s)")
    parser.add_argument(
        "--database", nargs="+", choices=list(DATABASES), default=list(DATABASES), help="which (default: all)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
