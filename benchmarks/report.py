"""The figures of one database, as tables for people and as plain data for a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from benchmarks.import_execution import ExecutionRace, execution_lines
from benchmarks.imports import ImportRace, import_lines
from benchmarks.jobs import JobCosts
from benchmarks.pages import PageCost
from benchmarks.price_changes import GridCost, cost_lines
from benchmarks.race import PHASES, Race
from benchmarks.windows import WindowCost
from benchmarks.windows import cost_lines as window_lines

#: What is aimed at: times the bare script's time, and bytes above the idle process.
MOST_RATIO, MOST_MEMORY = 3.0, 150 * 2**20
#: Of jobs: seconds until the start, times the time without one, and the share of a core of a process that has none.
MOST_WAIT, MOST_JOB_RATIO, MOST_IDLE = 0.5, 1.03, 0.03


@dataclass(frozen=True)
class Figures:
    """All that was measured on one database; ``memory`` is in bytes, ``sizes`` name the columns of counts."""

    database: str
    rows: int
    rounds: int
    races: list[Race]
    memory: dict[str, int]
    statements: dict[str, list[int]]
    statement_sizes: tuple[int, ...]
    pages: list[PageCost]
    page_sizes: tuple[int, ...]
    jobs: JobCosts
    price_changes: int = 0
    grids: list[GridCost] = field(default_factory=list)
    window_rows: int = 0
    windows: list[WindowCost] = field(default_factory=list)
    imports: list[ImportRace] = field(default_factory=list)
    executions: list[ExecutionRace] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON values, the ratios among them."""
        races = [asdict(race) | {"ratio": race.ratio} for race in self.races]
        imports = [race.as_json() for race in self.imports]
        executions = [race.as_json() for race in self.executions]
        jobs = asdict(self.jobs) | {"ratio": self.jobs.ratio}
        return asdict(self) | {"races": races, "jobs": jobs, "imports": imports, "executions": executions}


def table(figures: Figures) -> str:
    """Return the figures as text."""
    return "\n".join(_lines(figures))


def _lines(figures: Figures) -> Iterator[str]:
    yield f"{figures.database}: {figures.rows:,} rows, medians of {figures.rounds} rounds"
    yield _row("", "Batchbook", "bare script", "ratio", "peak above idle", "")
    for race in figures.races:
        memory = figures.memory[race.phase]
        met = race.ratio <= MOST_RATIO and memory <= MOST_MEMORY
        yield _row(
            PHASES[race.phase],
            f"{race.ours:.3f} s",
            f"{race.bare:.3f} s",
            f"{race.ratio:.2f}",
            f"{memory / 2**20:.1f} MB",
            "" if met else "over target",
        )
    yield f"targets: ratio at most {MOST_RATIO:g}, memory at most {MOST_MEMORY // 2**20} MB"
    yield ""
    yield _row("statements", *(f"{size:,} rows" for size in figures.statement_sizes))
    for phase, counts in figures.statements.items():
        yield _row(PHASES[phase], *map(str, counts))
    yield ""
    yield _row("a batch's page", *(f"{size:,} rows" for size in figures.page_sizes), "ratio", "statements")
    for page in figures.pages:
        times = (f"{seconds * 1000:.1f} ms" for seconds in page.seconds)
        ratio = f"{page.seconds[-1] / page.seconds[0]:.2f}"
        yield _row(page.page, *times, ratio, " / ".join(map(str, page.statements)))
    yield "target: the first page takes as long at any number of rows"
    yield ""
    yield from _job_lines(figures.jobs)
    yield ""
    if figures.grids:
        yield from cost_lines(figures.price_changes, figures.grids)
        yield ""
    if figures.windows:
        yield from window_lines(figures.window_rows, figures.windows)
        yield ""
    yield from import_lines(figures.imports)
    yield ""
    yield from execution_lines(figures.executions)


def _job_lines(jobs: JobCosts) -> Iterator[str]:
    middle, longest = median(jobs.starts), max(jobs.starts)
    yield _row("jobs", "median", "longest", "")
    yield _row("click to start", f"{middle:.3f} s", f"{longest:.3f} s", _verdict(longest < MOST_WAIT))
    yield _row("", "best as a job", "best inline", "ratio", "")
    yield _row(
        f"populate {jobs.rows:,}",
        f"{min(jobs.as_job):.3f} s",
        f"{min(jobs.inline):.3f} s",
        f"{jobs.ratio:.3f}",
        _verdict(jobs.ratio < MOST_JOB_RATIO),
    )
    yield _row("idle", f"{jobs.idle:.1%} of a core", _verdict(jobs.idle < MOST_IDLE))
    yield f"targets: start within {MOST_WAIT:g} s, ratio at most {MOST_JOB_RATIO:g}, idle at most {MOST_IDLE:.0%}"


def _verdict(met: bool) -> str:
    return "" if met else "over target"


def _row(first: str, *others: str) -> str:
    return (f"  {first:<20}" + "".join(f"{text:>17}" for text in others)).rstrip()
