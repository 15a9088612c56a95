"""What every group of checks has: the type's description by its author, and a workbench."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import pytest
from sqlalchemy.orm import Session

from batchbook import migrate
from batchbook.testing.databases import BACKENDS, Databases
from batchbook.testing.sample import Sample
from batchbook.testing.verdict import complain
from batchbook.testing.workbench import Workbench

#: Rows in the batches of most checks, and in those that show what grows with the number of rows.
FEW, MANY = 10, 1_000


class Bench:
    """What an author says of a batch type, and the fixtures that the checks take."""

    #: The type's key, which is its header's table name.
    key: ClassVar[str]
    #: Settings to start the application with, such as ``batchbook.include`` and ``batchbook.migrations``.
    settings: ClassVar[Mapping[str, str]] = {}

    def sample(self, session: Session, rows: int) -> Sample:  # noqa: ARG002 - For the author.
        """Put what the type acts upon into the database; return how to make a batch of about ``rows`` rows.

        Called once for each database. At least one row must be such that executing it changes something.
        """
        complain(
            f"{type(self).__name__} must say how a batch of the type {self.key} is made: write sample()."
        )

    @pytest.fixture(params=BACKENDS)
    def kit_backend(self, request: pytest.FixtureRequest) -> str:
        """Which database the check runs on."""
        return str(request.param)

    @pytest.fixture
    def kit_databases(self, request: pytest.FixtureRequest) -> Databases:
        """Makes databases."""
        return Databases.of(request.config)

    @property
    def plugins(self) -> tuple[str, ...]:
        """Where the migrations of the type are."""
        return migrate.plugin_locations(self.settings)

    @pytest.fixture
    def new_bench(self, kit_backend: str, kit_databases: Databases) -> Iterator[Callable[[], Workbench]]:
        """Starts the application on a new migrated database, as often as it is called."""
        started: list[Workbench] = []

        def start() -> Workbench:
            url = kit_databases.migrated(kit_backend, self.plugins)
            settings = {
                "sqlalchemy.url": url.render_as_string(hide_password=False),
                "batchbook.development": "true",
                "batchbook.secure_cookies": "false",
                # What is asked for is done when the page answers.
                "batchbook.jobs": "inline",
                "jinja2.bytecode_caching": "true",
                "jinja2.bytecode_caching_directory": str(kit_databases.templates),
                **self.settings,
            }
            started.append(Workbench(settings, self.key))
            return started[-1]

        yield start
        for workbench in started:
            workbench.close()

    @pytest.fixture
    def bench(self, new_bench: Callable[[], Workbench]) -> Workbench:
        """The application on a migrated database."""
        return new_bench()

    @pytest.fixture
    def made(self, bench: Workbench) -> tuple[Sample, int]:
        """A sample of few rows and the number of the batch made by it: populated and open."""
        return self.make(bench, FEW)

    def make(self, bench: Workbench, rows: int) -> tuple[Sample, int]:
        """Make a batch of about ``rows`` rows; return its sample and its number."""
        with bench.transaction() as session:
            sample = self.sample(session, rows)
        return sample, bench.create(sample)
