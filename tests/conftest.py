"""Databases, the application and people, for all tests.

A test that takes ``engine`` runs twice: on SQLite and on a real PostgreSQL, each time with a migrated database of its
own. It is a copy of a template that is made once per process for all tests that want the same in it, see ``fill``. A
test that takes ``app`` shares the application with others that start it with the same settings, but for the database:
what an application keeps from one request to the next is in its database only.
"""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import URL, Engine, select
from tests import faster
from tests.functional.harness import CatalogueDatabase, load_catalogue
from webtest import TestApp

from batchbook.db import utc_now
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.demo import CATALOG
from batchbook.security import passwords
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User, WebSession
from batchbook.security.passwords import hash_password
from batchbook.security.sessions import NAME as SESSION_COOKIE
from batchbook.security.sessions import session_hash
from batchbook.security.settings import SecuritySettings
from batchbook.services import services_of
from batchbook.testing.databases import BACKENDS, Databases, Fill, fast_folder
from batchbook.testing.harness import application

ROOT = Path(__file__).parents[1]

# Where pytest makes the folders for ``tmp_path``.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(fast_folder()))

_SLOW_HASHER = passwords._HASHER
# Hashes are meant to be slow. Nothing but the tests of passwords depends on how slow, and most tests sign somebody in.
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

faster.install()

# How long an example takes is no matter of right or wrong, and the machine may be busy.
hypothesis_settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("house")


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among what stays: each application leaves plenty, and memory there is."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 10, 10)


@pytest.fixture(scope="session", autouse=True)
def _own_settings() -> Iterator[None]:
    """What the developer's shell says about databases and secrets must not reach the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("BATCHBOOK_")]:
            patch.delenv(name)
        yield


# --- Databases for a test --------------------------------------------------------------------------------------------


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on. Ask for one only with ``@pytest.mark.parametrize("backend", ["sqlite"])``."""
    return str(request.param)


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Databases:
    """Makes databases, those that are copies of a migrated template included."""
    return Databases.of(pytestconfig)


@pytest.fixture
def empty_database_url(backend: str, databases: Databases) -> Iterator[URL]:
    """Where a database without any table is."""
    with databases.empty(backend) as url:
        yield url


@pytest.fixture
def fill(request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """Functions that fill the database before the test gets it, called once for all tests that have the same ones.

    The ``conftest`` of a folder adds what many of its tests need. A test that makes its database itself is not
    served by them: the fixtures that rely on what they do look, and call them if nobody has.
    """
    fills = {
        "real_catalogue": load_real_catalogue,
        "users": add_people,
        "five_products": load_catalogue,
    }
    return tuple(function for name, function in fills.items() if name in request.fixturenames)


@pytest.fixture
def database_url(backend: str, databases: Databases, fill: tuple[Fill, ...]) -> Iterator[URL]:
    """Where a migrated database is, with nothing in it but what migrations and ``fill`` put there."""
    with databases.migrated(backend, fill=fill) as url:
        yield url


@pytest.fixture
def empty_engine(empty_database_url: URL) -> Iterator[Engine]:
    """An engine on a database without any table."""
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database_url: URL) -> Iterator[Engine]:
    """An engine on a migrated database."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def write_lock(database_url: URL) -> Iterator[sqlite3.Connection]:
    """Another connection that holds SQLite's write lock, as a running job does, until it is rolled back."""
    other = sqlite3.connect(str(database_url.database), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


# --- The application and its people ----------------------------------------------------------------------------------

PASSWORD = "correct horse battery"
NAMES = ("staff", "admin", "auditor")


@pytest.fixture(scope="session")
def compiled_templates(databases: Databases) -> dict[str, str]:
    """Settings by which compiled templates are kept, so that not every test's application compiles them anew."""
    return {
        "jinja2.bytecode_caching": "true",
        "jinja2.bytecode_caching_directory": str(databases.templates),
    }


@pytest.fixture
def settings(database_url: URL, compiled_templates: dict[str, str]) -> dict[str, str]:
    """The settings the application starts with; a test may change them before it takes ``app``."""
    return compiled_templates | {
        "sqlalchemy.url": database_url.render_as_string(hide_password=False),
        "batchbook.development": "true",
        "batchbook.secure_cookies": "false",
        # What is asked for is done when the page answers. The tests of jobs say otherwise.
        "batchbook.jobs": "inline",
    }


@pytest.fixture
def app(settings: dict[str, str]) -> Iterator[Any]:
    """The whole application, started by ``batchbook.main``, on the test's database."""
    with application(settings) as app:
        yield app


@pytest.fixture
def client(app: Any) -> TestApp:
    """A browser in which nobody is signed in."""
    return TestApp(app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})


@pytest.fixture
def slow_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as slowly as in real use."""
    monkeypatch.setattr(passwords, "_HASHER", _SLOW_HASHER)


@cache
def _hash() -> str:
    return hash_password(PASSWORD)


def add_people(engine: Engine) -> None:
    """Add the shipped roles, and for each a user who is called like it and is signed in in one browser."""
    with transaction_scope(engine) as session:
        install_default_roles(session)
        roles = {role.name: role for role in session.scalars(select(Role))}
        people = [
            User(name=name, full_name=f"{name.title()} Person", password_hash=_hash(), roles=[roles[name]])
            for name in NAMES
        ]
        session.add_all(people)
        session.flush()
        session.add_all(
            WebSession(
                id=session_hash(_browser_of(person.name)),
                user_id=person.id,
                created_at=utc_now(),
                expires_at=utc_now() + timedelta(hours=8),
                user_agent="",
                address="127.0.0.1",
            )
            for person in people
        )


def _browser_of(name: str) -> str:
    """Return the id of the session in which somebody is signed in from the start."""
    return f"browser of {name}"


@pytest.fixture
def users(engine: Engine) -> dict[str, str]:
    """The shipped roles, and one user for each, called like it; returns each one's password by name."""
    with transaction_scope(engine, read_only=True) as session:
        missing = session.scalar(select(User.id).where(User.name == NAMES[0])) is None
    if missing:
        add_people(engine)
    return dict.fromkeys(NAMES, PASSWORD)


@pytest.fixture
def login(users: dict[str, str]) -> Callable[[TestApp, str], TestApp]:
    """Signs a client in by the sign-in page: ``login(client, "staff")``; returns the client."""

    def sign_in(client: TestApp, name: str) -> TestApp:
        page = client.get("/login")
        form = next(form for form in page.forms.values() if "password" in form.fields)
        form["name"], form["password"] = name, users[name]
        form.submit(status=303)
        return client

    return sign_in


@pytest.fixture
def client_of(app: Any, login: Callable[[TestApp, str], TestApp]) -> Callable[[str], TestApp]:
    """Opens a browser in which somebody is signed in: ``client_of("auditor")``.

    The first one is that in which they are from the start; for more, they sign in.
    """
    open_already: set[str] = set()

    def open_browser(name: str) -> TestApp:
        client = TestApp(app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        if name in open_already or name not in NAMES:
            return login(client, name)
        open_already.add(name)
        cookie = services_of(app.registry).get(SecuritySettings).cookie(SESSION_COOKIE)
        client.set_cookie(SESSION_COOKIE, cookie.serializer.dumps(_browser_of(name)).decode())
        return client

    return open_browser


@pytest.fixture
def staff(client_of: Callable[[str], TestApp]) -> TestApp:
    """A browser in which staff are signed in."""
    return client_of("staff")


@pytest.fixture
def admin(client_of: Callable[[str], TestApp]) -> TestApp:
    """A browser in which an administrator is signed in."""
    return client_of("admin")


@pytest.fixture
def auditor(client_of: Callable[[str], TestApp]) -> TestApp:
    """A browser in which an auditor is signed in."""
    return client_of("auditor")


# --- A catalogue ------------------------------------------------------------------------------------------------------


@pytest.fixture
def five_products() -> None:
    """The database has the five products of ``CATALOGUE`` when the test begins, see ``fill``."""


@pytest.fixture
def catalogue(five_products: None, engine: Engine, users: dict[str, str]) -> CatalogueDatabase:
    """A shop of five products, and people."""
    catalogue = CatalogueDatabase(engine)
    if not catalogue.prices():
        load_catalogue(engine)
    return catalogue


# --- Real input ------------------------------------------------------------------------------------------------------


def find_real_file(name: str) -> Path:
    """Find a real file by name: beside the project where the whole data set is at hand, else the packaged one."""
    beside = ROOT.parent / "shared" / "data" / name
    return beside if beside.exists() else CATALOG.parent / name


def load_real_catalogue(engine: Engine) -> None:
    """Load the real catalogue into a database."""
    CatalogueDatabase(engine).load(find_real_file("catalog.csv"))


@pytest.fixture(scope="session")
def real_file() -> Callable[[str], Path]:
    """Finds a real file by name, see ``find_real_file``."""
    return find_real_file


@pytest.fixture
def real_catalogue() -> None:
    """The database has the real catalogue when the test begins, see ``fill``."""
