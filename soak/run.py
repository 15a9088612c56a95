"""One soak on one kind of database."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.databases import DatabaseServer
from sqlalchemy import Engine, select

from batchbook.application import configure
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.service import JobService
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User
from batchbook.services import Services, services_of
from soak.crew import Crew
from soak.data import write_catalogue
from soak.process import settings
from soak.story import Story
from soak.verdict import complaints

#: How many batches are worked on at the same time.
_AT_ONCE = 3
#: How likely it is that an attempt at a job is disturbed.
_HARM = 0.7


@dataclass(frozen=True)
class Outcome:
    """What was done to how much, and what was wrong in the end."""

    database: str
    batches: int
    jobs: int
    killed: int
    stopped: int
    retries: int
    seconds: float
    complaints: list[str]

    def __str__(self) -> str:
        """Say it in a few lines."""
        head = (
            f"{self.database}: {self.batches} batches, {self.jobs} jobs, {self.killed} processes killed, {self.stopped}"
            f" stopped and overtaken, {self.retries} jobs given up and tried again by a person, {self.seconds:.0f} s."
        )
        return (
            "\n".join([head, *self.complaints])
            if self.complaints
            else f"{head} Everything is as it should be."
        )


def soak(server: DatabaseServer, batches: int, rows: int, seconds: float) -> Outcome:
    """Lead ``batches`` batches of ``rows`` rows to their end within ``seconds``, killing whoever works on them."""
    with tempfile.TemporaryDirectory() as folder:
        server.prepare(write_catalogue(Path(folder) / "catalogue.csv", batches, rows))
        url = server.fresh()
        text = url.render_as_string(hide_password=False)
        services = services_of(configure(settings(text, "workers")).registry)
        prepare(services)
        with (Path(folder) / "log").open("w+") as log:
            embedded = url.get_backend_name() == "sqlite"
            crew = Crew(text, "embedded" if embedded else "workers", 1 if embedded else 2, log)
            try:
                return _told(server.name, services, crew, batches, rows, seconds)
            finally:
                crew.close()
                services.get(Engine).dispose()
                services.get(JobService).close()


def prepare(services: Services) -> None:
    """Create the store of jobs, and a user who may do everything."""
    services.get(JobService).store.prepare()
    with transaction_scope(services.get(Engine)) as session:
        install_default_roles(session)
        session.flush()  # The role is looked up.
        admin = session.scalars(select(Role).where(Role.name == "admin")).one()
        session.add(User(name="admin", roles=[admin]))


def _told(name: str, services: Services, crew: Crew, batches: int, rows: int, seconds: float) -> Outcome:
    began = time.monotonic()
    stories = [Story(services, crew, number, rows, _HARM, began + seconds) for number in range(batches)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        failed = [str(error) for error in pool.map(_failure, stories) if error]
    found = failed or complaints(services.get(Engine), [story.batch_id for story in stories], rows)
    return Outcome(
        database=name,
        batches=batches,
        jobs=sum(story.jobs for story in stories),
        killed=crew.killed,
        stopped=crew.stopped,
        retries=sum(story.retries for story in stories),
        seconds=time.monotonic() - began,
        complaints=found,
    )


def _failure(story: Story) -> Exception | None:
    try:
        story.run()
    except Exception as error:  # noqa: BLE001 - It is what the soak is to find.
        return error
    return None
