"""One run: imports alone and together, then imports while the network fails; figures, and what was wrong."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy
from benchmarks.databases import Postgresql
from sqlalchemy import text

from batchbook.application import configure
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import JobService
from batchbook.jobs.settings import DEAD
from batchbook.services import Services, services_of
from soak.data import write_catalogue
from soak.network.cluster import Cluster, cluster
from soak.network.harm import CUT, LONG_CUT, PAUSE, Harm, Harmed, Tormentor, harmed
from soak.network.imports import Import, sign_in
from soak.network.verdict import complaints
from soak.process import settings
from soak.run import prepare

#: How soon a job must be taken up after its worker counts as dead, and how old a transaction may be in the end, in seconds.
TAKEN_UP, _OLDEST = 5.0, 45.0


@dataclass(frozen=True)
class Plan:
    """What is run: ``rows`` of each import, how many ``at_once``, and which ``harms`` in turn, with so many ``meanwhile``.

    A worker runs two jobs at a time, so a job that is taken up must not have to wait for one of the others.
    """

    rows: int = 20_000
    at_once: int = 8
    meanwhile: int = 4
    webs: int = 2
    workers: int = 4
    harms: Sequence[Harm] = (PAUSE, CUT, PAUSE, CUT, LONG_CUT)
    #: Whether imports are timed first, and whether a slow link and a web server that is cut off come last.
    timed: bool = True
    links: bool = True
    seconds: float = 600.0


@dataclass
class Figures:
    """What was measured: seconds of one import alone and of several together, and every worker that was harmed."""

    imports: int = 0
    rows: int = 0
    one: float | None = None
    together: float | None = None
    at_once: int = 0
    harmed: list[Harmed] = field(default_factory=list)
    slow: str = ""
    resent: int = 0
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)

    @property
    def throughput(self) -> float | None:
        """The rows a second of several imports at once, in those of one alone."""
        return self.at_once * self.one / self.together if self.one and self.together else None

    @property
    def overtaken(self) -> list[float]:
        """The seconds until jobs were taken up, each after its worker counted as dead."""
        return [harm.taken_up for harm in self.harmed if harm.taken_up is not None]

    def to_json(self) -> str:
        """Return everything as JSON."""
        return json.dumps(
            asdict(self) | {"throughput": self.throughput, "slowest": max(self.overtaken, default=None)},
            indent=2,
        )

    def __str__(self) -> str:
        """Say it in a few lines."""
        lines = [f"{self.imports} imports of {self.rows:,} rows in {self.seconds:.0f} s."]
        if self.throughput is not None:
            lines.append(
                f"One alone took {self.one:.1f} s, {self.at_once} at once {self.together:.1f} s: {self.throughput:.1f} times"
                " the rows a second."
            )
        for harm in self.harmed:
            ended = f"{harm.harm}: job {harm.job} ended on its worker"
            after = f"{harm.taken_up or 0:.1f} s after its worker counted as dead, {harm.noticed or 0:.1f} s after that began"
            taken = f"{harm.harm}: job {harm.job} taken up {after}"
            back = "never" if harm.back is None else f"after {harm.back:.1f} s"
            lines.append(f"{ended if harm.taken_up is None else taken}; the worker was back {back}.")
        if self.slow:
            lines.append(
                f"A worker worked over a link of {self.slow}; a web server was cut off, {self.resent} forms sent again."
            )
        return "\n".join([*lines, *(self.complaints or ["No job was lost or doubled."])])


def soak_network(plan: Plan, log: Path) -> Figures:
    """Run ``plan``, with the ``log`` of all processes in a file; raise ``CalledProcessError`` where there can be no hosts, see :func:`soak.network.hosts.obstacle`."""
    server = Postgresql()
    try:
        with tempfile.TemporaryDirectory() as name, _prepared(server, Path(name)) as services:
            url = services.get(sqlalchemy.Engine).url
            with cluster(server, url, Path(name), log, plan.webs, plan.workers) as processes:
                return _Run(services, processes, plan).run()
    finally:
        server.close()


@contextmanager
def _prepared(server: Postgresql, folder: Path) -> Iterator[Services]:
    server.prepare(write_catalogue(folder / "catalogue.csv", 1, 10))
    url = server.fresh()
    # Other processes count as dead after the same time as for the processes of the installation.
    usual = settings(url.render_as_string(hide_password=False), "workers") | {DEAD.name: DEAD.default}
    services = services_of(configure(usual).registry)
    try:
        prepare(services)
        yield services
    finally:
        services.get(sqlalchemy.Engine).dispose()
        services.get(JobService).close()


class _Run:
    def __init__(self, services: Services, processes: Cluster, plan: Plan) -> None:
        self._services, self._cluster, self._plan = services, processes, plan
        self._servers = [web.host.address for web in processes.webs]
        self._tormentor = Tormentor(services, processes)
        self._imports: list[Import] = []
        self._figures = Figures(rows=plan.rows, at_once=plan.at_once)
        self._began = time.monotonic()

    def run(self) -> Figures:
        """Run everything, and look at it in the end."""
        figures = self._figures
        if self._plan.timed:
            self._imported(
                1
            )  # It loads templates, compiles statements, and fills the caches of the processes.
            figures.one, figures.together = self._imported(1), self._imported(self._plan.at_once)
        for harm in self._plan.harms:
            with self._importing() as over:
                figures.harmed += filter(None, [self._tormentor.harm(harm, over)])
        if self._plan.links:
            self._over_bad_links()
        figures.imports = len(self._imports)
        figures.resent = sum(one.person.unanswered for one in self._imports)
        figures.seconds = time.monotonic() - self._began
        figures.complaints += [*complaints(self._services, self._imports), *self._wrong()]
        return figures

    def _over_bad_links(self) -> None:
        slow, web = self._cluster.workers[0], self._cluster.webs[0]
        self._figures.slow = slow.host.slow_down()
        try:
            with self._importing(), harmed(CUT, web):
                time.sleep(CUT.seconds)
        finally:
            slow.host.speed_up()

    @contextmanager
    def _importing(self) -> Iterator[threading.Event]:
        """Have several imports run beside the block; yield the event that they are over, and wait for it in the end."""
        over = threading.Event()

        def work() -> None:
            try:
                self._imported(self._plan.meanwhile)
            finally:
                over.set()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield over
        finally:
            thread.join()

    def _imported(self, number: int) -> float:
        """Make so many imports at once; return the seconds until all are executed. Failures are complaints."""
        until = self._began + self._plan.seconds
        made = [
            Import(
                self._services, sign_in(self._services, "admin", self._servers), index, self._plan.rows, until
            )
            for index in range(len(self._imports), len(self._imports) + number)
        ]
        self._imports += made
        began = time.monotonic()
        with ThreadPoolExecutor(number) as pool:
            for failure in pool.map(_failure, made):
                self._figures.complaints += [failure] if failure else []
        return time.monotonic() - began

    def _wrong(self) -> Iterator[str]:
        for harm in self._figures.harmed:
            if harm.taken_up is not None and harm.taken_up > TAKEN_UP:
                yield f"{harm.harm}: job {harm.job} was taken up only {harm.taken_up:.1f} s after its worker counted as dead."
            if harm.back is None:
                yield f"{harm.harm}: the worker of job {harm.job} did not come back."
        if self._cluster.ended:
            yield f"{self._cluster.ended} processes ended by themselves."
        if self._plan.harms and not self._figures.overtaken:
            yield "No job was taken up by another worker, so nothing was tried."
        with transaction_scope(self._services.get(sqlalchemy.Engine)) as session:
            open_ones = session.execute(text(_OPEN), {"seconds": _OLDEST}).all()
        yield from (
            f"A transaction is open since {age} s: {state}, {query}" for age, state, query in open_ones
        )


_OPEN = """
    SELECT round(extract(epoch FROM clock_timestamp() - xact_start)), state, left(query, 200) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND xact_start < clock_timestamp() - make_interval(secs => :seconds)
"""


def _failure(one: Import) -> str | None:
    try:
        one.run()
    except Exception as error:  # noqa: BLE001 - It is what the soak is to find.
        return f"Import {one.number} (batch {one.batch_id}): {error!r}"
    return None


def of_command(options: Any) -> Figures:
    """Run what the command line says, and write the figures as JSON, with a log beside it."""
    options.json.parent.mkdir(parents=True, exist_ok=True)
    figures = soak_network(Plan(seconds=options.seconds), options.json.with_suffix(".log"))
    options.json.write_text(figures.to_json())
    return figures
