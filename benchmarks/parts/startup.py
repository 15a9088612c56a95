"""The start of commands and of pages, beside a bare import of the two libraries that every application here needs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import Engine

from batchbook.db.engine import make_engine
from batchbook.migrate import upgrade
from benchmarks.parts.figures import PartFigure, PartRequest
from benchmarks.parts.job_processes import new_batch, services_for

#: The most seconds that help, showing a batch, and the first page beyond the fastest one may take.
MOST_SECONDS = {"batchbook --help": 0.3, "batchbook batch show": 1.0, "first page": 1.5}

_BARE = [sys.executable, "-c", "import sqlalchemy, pyramid.config"]
_COMMAND = [sys.executable, "-c", "from batchbook.cli import main; main()"]
_INI = """[app:main]
use = egg:batchbook
sqlalchemy.url = {url}
batchbook.development = true
batchbook.jobs = inline
"""


@dataclass(frozen=True)
class StartCosts:
    """Seconds (medians): of whole processes by command, of the bare one, and of the first page beyond the fastest."""

    bare: float
    commands: dict[str, float]
    first_page: float


def start_costs(rounds: int) -> StartCosts:
    """Start each command and the bare process ``rounds`` times in turn, and a process that serves one page repeatedly."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/start.sqlite3"
        ini = Path(folder) / "start.ini"
        ini.write_text(_INI.format(url=url))
        number = _prepare(url)
        processes = {
            "bare": _BARE,
            "batchbook --help": [*_COMMAND, "--help"],
            "batchbook batch show": [*_COMMAND, "-c", str(ini), "batch", "show", str(number)],
        }
        found: dict[str, list[float]] = {name: [] for name in processes}
        for _ in range(rounds):
            for name, process in processes.items():
                found[name].append(_seconds(process))
        first = [_first_page(url) for _ in range(rounds)]
    seconds = {name: median(times) for name, times in found.items()}
    return StartCosts(seconds.pop("bare"), seconds, median(first))


def _prepare(url: str) -> int:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
    services = services_for(url)
    number = new_batch(services)
    services.get(Engine).dispose()
    return number


def _seconds(process: Sequence[str]) -> float:
    began = perf_counter()
    subprocess.run(process, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def _first_page(url: str) -> float:
    process = [sys.executable, "-m", "benchmarks.parts.first_page", url]
    return float(json.loads(subprocess.run(process, check=True, capture_output=True, text=True).stdout))


def measure(request: PartRequest) -> Iterator[PartFigure]:
    """Yield the seconds of each start."""
    costs = start_costs(1 if request.is_quick else 5)
    yield PartFigure("startup", "a bare process with both libraries", costs.bare, "s")
    for name, seconds in costs.commands.items():
        yield PartFigure("startup", name, seconds, "s", MOST_SECONDS[name])
    yield PartFigure("startup", "first page", costs.first_page, "s", MOST_SECONDS["first page"])
