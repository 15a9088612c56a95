"""Laps: all works of one side on one database, in a process of its own, whose memory nothing else is in.

``python -m benchmarks.works.laps`` reads a request on each line of its input, and answers each with a line.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url, text
from sqlalchemy.pool import NullPool

from batchbook.cli import OBJECTS_BETWEEN_COLLECTIONS
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from benchmarks.floors import FLOORS
from benchmarks.inputs import Inputs
from benchmarks.measuring import measured, resident
from benchmarks.works import Lap, Work
from benchmarks.works.product import Product

_ROOT = Path(__file__).parents[2]
#: The two sides of a race.
PRODUCT, FLOOR = "product", "floor"

#: Runs the works on the database at a URL with the files of a size.
RunLap = Callable[[URL, Inputs, Sequence[Work]], list[Lap]]


def run_lap(side: str, key: str, url: URL, inputs: Inputs, works: Sequence[Work]) -> list[Lap]:
    """Run ``works`` of the type ``key`` on one side; return what each took."""
    runner: Any = Product(key, url) if side == PRODUCT else FLOORS[key](url)
    try:
        return [_measured(runner, url, work, inputs, _idle()) for work in works]
    finally:
        runner.close()


@cache
def _idle() -> int:
    """Return the bytes of this process before its first work."""
    gc.collect()
    return resident()


def prepare_work(runner: Any, url: URL, work: Work) -> None:
    """Do what comes before ``work`` and is not measured."""
    if work is Work.EXECUTE:
        runner.complete()
    if work is Work.REFRESH:
        with transaction_scope(make_engine(url, poolclass=NullPool)) as session:
            session.execute(text("UPDATE product SET price = price * 2 WHERE id % 10 = 0"))
    if work is Work.POPULATE_QUERY:
        # From here on the planner knows the first batch and believes that there is no other: the worst that its
        # statistics can be for the next one, and what they often are.
        with transaction_scope(make_engine(url, poolclass=NullPool)) as session:
            session.execute(text("ANALYZE"))


def _measured(runner: Any, url: URL, work: Work, inputs: Inputs, idle: int) -> Lap:
    prepare_work(runner, url, work)
    with measured(idle) as found:
        getattr(runner, work.value)(inputs)
    is_export = work in (Work.EXPORT_CSV, Work.EXPORT_XLSX)
    first_byte = getattr(runner, "first_byte", None) if is_export else None
    alone = getattr(runner, "alone", None) if is_export else None
    # A floor that exports writes its values a second time, to measure the writer alone.
    seconds = found.seconds - (getattr(runner, "beside", 0.0) if is_export else 0.0)
    return Lap(work, seconds, found.memory, found.statements, first_byte, alone)


@contextmanager
def lap_process(side: str, key: str) -> Iterator[RunLap]:
    """Yield a function that runs laps of one side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.works.laps", side, key]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=_ROOT, text=True, **pipes) as process:  # type: ignore[call-overload]

        def run(url: URL, inputs: Inputs, works: Sequence[Work]) -> list[Lap]:
            address = url.render_as_string(hide_password=False)
            request = {"url": address, "inputs": inputs.to_json(), "works": [work.value for work in works]}
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                raise RuntimeError(f"The process of the {side} of {key} ended with {process.wait()}.")
            return [Lap(**lap | {"work": Work(lap["work"])}) for lap in json.loads(answer)]

        try:
            yield run
        finally:
            process.stdin.close()


def main(side: str, key: str) -> None:
    """Answer each request on the input."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)  # As the server does.
    for line in sys.stdin:
        request = json.loads(line)
        works = [Work(work) for work in request["works"]]
        laps = run_lap(side, key, make_url(request["url"]), Inputs.from_json(request["inputs"]), works)
        print(json.dumps([asdict(lap) for lap in laps]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
