"""The harness of the checks: an application with one batch type, and the actions that checks run."""

from __future__ import annotations

import gc
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import Any, ClassVar

import pytest
import sqlalchemy
from sqlalchemy import event, func, inspect, select
from sqlalchemy.orm import Session
from webtest import TestApp

import batchbook
from batchbook import schema_version
from batchbook.batches import Action, Batch, BatchRow, BatchType, BatchTypes, HandlerContext
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.handler import ALL, CONFIRM
from batchbook.batches.rows.scope import table_of
from batchbook.db import Base, utc_now
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.job_run import JobRun
from batchbook.jobs.models import Job, JobState
from batchbook.jobs.service import JobService
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import AuditEntry, PendingAuditEntry, Role, User
from batchbook.security.passwords import hash_password
from batchbook.services import services_of
from batchbook.testing.databases import BACKENDS, QUICK, Databases
from batchbook.testing.sample import Sample, check, complain

#: The users: one for each shipped role, with its name.
ROLES = ("staff", "admin", "auditor")
ACTOR = "staff"
_PASSWORD = "the kit's own password"  # noqa: S105 - It is for databases that exist for one check only.

#: The number of rows in most checks, and in checks of how costs grow with it.
FEW, MANY = (5, 40) if QUICK else (10, 1_000)

Snapshot = dict[tuple[Any, ...], tuple[Any, ...]]

#: Applications that are not in use, by their settings without the database.
_idle: dict[frozenset[tuple[str, str]], list[Any]] = {}


@contextmanager
def application(settings: Mapping[str, str]) -> Iterator[Any]:
    """Yield the application that ``batchbook.main`` creates from ``settings``, which include ``sqlalchemy.url``.

    Creating one takes longer than most tests, so tests whose settings differ only in the database reuse it. Each time, it
    gets a new engine and a fresh job service, and afterwards the services and settings that a test replaced are restored:
    all other state that outlives a request is in the database.
    """
    idle = _idle.setdefault(frozenset({**settings, "sqlalchemy.url": ""}.items()), [])
    if not idle:
        idle.append(batchbook.main({}, **settings))
        gc.freeze()  # It is kept until pytest ends.
    services = services_of((app := idle.pop()).registry)
    url = app.registry.settings["sqlalchemy.url"] = settings["sqlalchemy.url"]
    first = services.get(sqlalchemy.Engine)
    first.dispose()
    services.add(sqlalchemy.Engine, make_engine(url, hide_parameters=first.hide_parameters))
    jobs = services.get(JobService)
    vars(jobs).update(vars(JobService(app.registry.settings)) | {"tasks": jobs.tasks, "upkeep": jobs.upkeep})
    kept, kept_settings = dict(vars(services)["_services"]), dict(app.registry.settings)
    try:
        yield app
    finally:
        jobs.close()
        services.get(sqlalchemy.Engine).dispose()
        vars(services)["_services"] = kept
        app.registry.settings.clear()
        app.registry.settings.update(kept_settings)
        idle.append(app)


class AppHarness:
    """The application ``app`` with its database, and the batch type called ``key``."""

    def __init__(self, app: Any, key: str) -> None:
        self.app = app
        self.services = services_of(self.app.registry)
        self.engine = self.services.get(sqlalchemy.Engine)
        self.types: BatchTypes = self.services.get(BatchTypes)
        self.key = key
        #: Attributes that replace those of the type's handler.
        self.swapped: dict[str, Any] = {}
        #: The sample and the number of the batch that exists from the start, if there is one.
        self.made: tuple[Sample, int] | None = None

    @property
    def batch_type(self) -> BatchType:
        """The batch type under test."""
        return self.types[self.key]

    @property
    def path(self) -> str:
        """The path of the type's pages."""
        return f"/batches/{self.batch_type.path}"

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        """Yield a session in a new transaction, like that of a request or command."""
        with transaction_scope(self.engine, read_only=read_only) as session:
            yield session

    @contextmanager
    def acting(self, **swapped: Any) -> Iterator[Engine]:
        """Yield the engine acting for staff; ``swapped`` are methods that replace those of the handler."""
        handler = type("Swapped", (self.batch_type.handler,), {**self.swapped, **swapped})
        others = [one for one in self.types if one.key != self.key]
        types = BatchTypes([*others, replace(self.batch_type, handler=handler)])
        with self.transaction() as session:
            yield Engine(session, types, self.services.settings, ACTOR)

    def context(self, session: Session) -> HandlerContext:
        """Return the context with which a handler is created for a page."""
        return HandlerContext(session, self.services.settings, ACTOR, utc_now(), types=self.types)

    def create(self, sample: Sample) -> int:
        """Create and populate a batch from ``sample``; return its number."""
        with self.acting() as engine:
            file = None if sample.file is None else io.BytesIO(sample.file)
            batch = create_batch(engine, self.key, sample.texts, file, sample.file_name)
            self._run(engine, batch.id, Action.POPULATE)
            return batch.id

    def run(self, batch_id: int, *actions: Action, options: Mapping[str, Any] | None = None) -> None:
        """Run ``actions`` one after the other, each in its own transaction; ``options`` are for the last one."""
        for action in actions:
            with self.acting() as engine:
                self._run(engine, batch_id, action, options if action is actions[-1] else None)

    def execute(self, batch_id: int, sample: Sample) -> None:
        """Mark a batch complete and execute it."""
        self.run(batch_id, Action.COMPLETE, Action.EXECUTE, options=sample.options)

    def _run(
        self, engine: Engine, batch_id: int, action: Action, options: Mapping[str, Any] | None = None
    ) -> None:
        confirmed = {CONFIRM: ALL} if action is Action.EXECUTE else {}
        result: Result = engine.run(batch_id, action, {**confirmed, **(options or {})})
        check(not result.failed, f"The action {action} failed for a batch of the sample: {result.message}")

    def batch(self, batch_id: int) -> Batch:
        """Return a batch as it is stored."""
        with self.transaction(read_only=True) as session:
            found: Batch = session.scalars(
                select(self.batch_type.header).where(self.batch_type.header.id == batch_id)
            ).one()
            return found

    def row_of(self, batch_id: int) -> type[BatchRow]:
        """Return the model of the rows of a batch."""
        return self.batch_type.rows.of(self.batch(batch_id))

    def rows(self, batch_id: int, *, without: tuple[str, ...] = ()) -> dict[int, dict[str, Any]]:
        """Return the rows of a batch by sequence, each as a mapping by column, leaving out the columns ``without``."""
        table = table_of(self.row_of(batch_id))
        with self.transaction(read_only=True) as session:
            theirs = select(table).where(table.c.batch_id == batch_id).order_by(table.c.sequence)
            found = session.execute(theirs).mappings().all()
        return {row["sequence"]: {k: v for k, v in row.items() if k not in without} for row in found}

    def counts(self, batch_id: int) -> dict[str, Any]:
        """Return the counts that the header must have, calculated from the rows by SQL."""
        row = self.row_of(batch_id)
        with self.transaction(read_only=True) as session:
            found = session.execute(
                select(row.removed, row.status, func.count())
                .where(row.batch_id == batch_id)
                .group_by(row.removed, row.status)
            ).all()
        kept: Counter[str] = Counter(
            {status or "": number for removed, status, number in found if not removed}
        )
        return {
            "row_count": sum(number for _, _, number in found),
            "removed_count": sum(number for removed, _, number in found if removed),
            "status_counts": dict(kept),
        }

    def snapshot(self, *leave_out: str) -> Snapshot:
        """Return all rows of all tables but the audit log, by table and primary key, leaving out the tables ``leave_out``."""
        own = {AuditEntry.__tablename__, PendingAuditEntry.__tablename__}
        there = set(inspect(self.engine).get_table_names()) - own - set(leave_out)
        found: Snapshot = {}
        with self.transaction(read_only=True) as session:
            for table in Base.metadata.tables.values():
                if table.name in there:
                    key = [column.name for column in table.primary_key]
                    for row in session.execute(select(table)).mappings():
                        found[(table.name, *(row[name] for name in key))] = tuple(row.items())
        return found

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Yield a list to which the SQL statements sent in the block are added."""
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            sent.append(statement)

        event.listen(self.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(self.engine, "before_cursor_execute", note)

    def run_jobs(self) -> None:
        """Run the jobs that wait, as a worker would; there are none where actions are done when the request ends."""
        jobs: JobService = self.services.get(JobService)
        jobs.store.prepare()
        with self.transaction(read_only=True) as session:
            waiting = session.execute(
                select(Job.id, Job.dispatch).where(Job.state == JobState.QUEUED).order_by(Job.id)
            ).all()
        for number, dispatch in waiting:
            JobRun(self.services, "kit").run(number, dispatch)

    def client(self, role: str) -> TestApp:
        """Return a test client in which the user of ``role`` is signed in."""
        client = TestApp(self.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        form = next(form for form in client.get("/login").forms.values() if "password" in form.fields)
        form["name"], form["password"] = role, _PASSWORD
        form.submit(status=303)
        return client


def skip_if_quick() -> None:
    """Skip a check in quick mode, because it takes long and rarely fails."""
    if QUICK:
        pytest.skip("Quick mode leaves this check out: run all of them before you release the type.")


@cache
def _hash() -> str:
    return hash_password(_PASSWORD)


def _add_users(session: Session) -> None:
    install_default_roles(session)
    roles = {role.name: role for role in session.scalars(select(Role))}
    session.add_all(
        User(name=name, full_name=name.title(), password_hash=_hash(), roles=[roles[name]]) for name in ROLES
    )


#: A function that opens the application on a database with a batch of the number of rows, or without one for 0.
HarnessOf = Callable[[int], AbstractContextManager[AppHarness]]


class HarnessFixtures:
    """The description of a batch type by its author, and the fixtures of the checks."""

    #: The key of the type, which is the table name of its header.
    key: ClassVar[str]
    #: Settings to start the application with, such as ``batchbook.include`` and ``batchbook.migrations``.
    settings: ClassVar[Mapping[str, str]] = {}

    def sample(self, session: Session, rows: int) -> Sample:  # noqa: ARG002 - For the author.
        """Fill the database with the data that the type needs; return the sample of a batch of about ``rows`` rows.

        It is called once for each number of rows: the checks get copies of the database. Executing at least one of the
        rows must have an effect.
        """
        complain(f"{type(self).__name__} must describe a batch of the type {self.key}: write sample().")

    @pytest.fixture(params=BACKENDS[:1] if QUICK else BACKENDS)
    def kit_backend(self, request: pytest.FixtureRequest) -> str:
        """The database system that the check runs on."""
        return str(request.param)

    @pytest.fixture
    def kit_databases(self, request: pytest.FixtureRequest) -> Databases:
        """The databases of this run of pytest."""
        return Databases.of(request.config)

    @property
    def plugins(self) -> tuple[str, ...]:
        """The folders of the type's migrations."""
        return schema_version.plugin_locations(self.settings)

    @contextmanager
    def opened(self, databases: Databases, backend: str, rows: int = 0) -> Iterator[AppHarness]:
        """Yield the application on a migrated database with users, and with a batch of ``rows`` rows unless 0.

        Users and batch are created once for all checks of the class with that number of rows; each check gets a copy.
        """
        key = (type(self), backend, rows)

        def fill(engine: sqlalchemy.Engine) -> None:
            with self._started(databases, engine.url) as harness:
                with harness.transaction() as session:
                    _add_users(session)
                if rows:
                    databases.made[key] = self.make(harness, rows)

        with (
            databases.migrated(backend, self.plugins, [fill], key) as url,
            self._started(databases, url) as harness,
        ):
            harness.made = databases.made.get(key)
            yield harness

    @contextmanager
    def _started(self, databases: Databases, url: sqlalchemy.URL) -> Iterator[AppHarness]:
        settings = {
            "sqlalchemy.url": url.render_as_string(hide_password=False),
            "batchbook.development": "true",
            "batchbook.secure_cookies": "false",
            # Actions are done when the request ends.
            "batchbook.jobs": "inline",
            "jinja2.bytecode_caching": "true",
            "jinja2.bytecode_caching_directory": str(databases.templates),
            **self.settings,
        }
        with application(settings) as app:
            yield AppHarness(app, self.key)

    @pytest.fixture
    def harness_of(self, kit_backend: str, kit_databases: Databases) -> HarnessOf:
        """A function that opens the application on a migrated database with a batch of the number of rows, or without."""
        return partial(self.opened, kit_databases, kit_backend)

    @pytest.fixture
    def harness(self, harness_of: HarnessOf, request: pytest.FixtureRequest) -> Iterator[AppHarness]:
        """The application on a migrated database, with a batch if the check uses ``made``."""
        with harness_of(FEW if "made" in request.fixturenames else 0) as harness:
            yield harness

    @pytest.fixture
    def made(self, harness: AppHarness) -> tuple[Sample, int]:
        """A sample of few rows, and the number of the populated, open batch created from it."""
        assert harness.made is not None  # noqa: S101 - For the type checker.
        return harness.made

    def make(self, harness: AppHarness, rows: int) -> tuple[Sample, int]:
        """Create a batch of about ``rows`` rows; return its sample and its number."""
        with harness.transaction() as session:
            sample = self.sample(session, rows)
        return sample, harness.create(sample)
