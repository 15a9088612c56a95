"""The application runs with just the rights that the how-to grants, and these let nobody falsify the record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import URL, Engine, text
from sqlalchemy.pool import NullPool
from tests.functional.harness import (
    CATALOGUE,
    OWN,
    PRICE_LIST,
    CatalogueDatabase,
    form_to,
    form_with,
    number_in,
    post,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp, Upload

import batchbook
from batchbook.cli import main
from batchbook.db.engine import make_engine
from batchbook.jobs.service import JobService
from batchbook.jobs.worker import Worker
from batchbook.services import services_of
from batchbook.testing.databases import Databases

from .howtos import HOWTO, sql_of

IMPORTS = "/batches/import"
RECORDS = "item_code,description,price\n000000011,RYE BREAD,2.30\n000000031,SPELT ROLL,0.60\n"
INI = "[app:main]\nuse = egg:batchbook\nsqlalchemy.url = {url}\nbatchbook.secret = {secret}\nbatchbook.jobs = workers\n"

#: What PostgreSQL says of a right that is missing, and the triggers of what must not be.
NOT_ALLOWED = "permission denied|must be owner|must be able to SET ROLE"
GUARDED = "An append-only table|An executed batch is frozen|What has ended is kept"


@pytest.fixture
def backend() -> str:
    return "postgresql"


@dataclass(frozen=True)
class Roles:
    """A database as the how-to makes it, under names that nobody else has: the owner is called like it."""

    owner: URL
    app: URL


@pytest.fixture(scope="module")
def prepared(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    name = f"docs_{tmp_path_factory.mktemp('docs').parent.name.replace('-', '_')}"
    first, second = ([_renamed(statement, name) for statement in block] for block in sql_of(_page()))
    server = databases.server
    server.execute(*first)
    owner = server.url.set(username=name, database=name)
    _init(owner, tmp_path_factory.mktemp("init"))
    _run(owner, second)
    yield Roles(owner, owner.set(username=f"{name}_app"))
    server.execute(f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}_app", f"DROP ROLE {name}")


def _page() -> str:
    return (HOWTO / "postgresql.md").read_text()


def _renamed(statement: str, name: str) -> str:
    return re.sub(r"\bbatchbook(_app)?\b", rf"{name}\1", statement)


def _init(url: URL, place: Path) -> None:
    ini = place / "owner.ini"
    shown = url.render_as_string(hide_password=False).replace("%", "%%")
    ini.write_text(INI.format(url=shown, secret="a secret of more than thirty-two characters"))
    result = CliRunner().invoke(main, ["-c", str(ini), "init"])
    assert result.exit_code == 0, result.output


def _run(url: URL, statements: list[str]) -> None:
    engine = make_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def database_url(prepared: Roles, databases: Databases) -> Iterator[URL]:
    """A copy of the database, as the application's role sees it."""
    with databases.server.copy(str(prepared.owner.database)) as copy:
        databases.server.execute(f"ALTER DATABASE {copy.database} OWNER TO {prepared.owner.username}")
        yield prepared.app.set(database=copy.database)


@pytest.fixture
def catalogue(engine: Engine, users: dict[str, str]) -> CatalogueDatabase:
    catalogue = CatalogueDatabase(engine)
    catalogue.load(CATALOGUE)
    return catalogue


def imported(staff: TestApp) -> int:
    """Return the number of an import that staff made of a list, populated."""
    form = form_with(staff.get(f"{IMPORTS}/new"), "file")
    form["file"], form["target"] = Upload("list.csv", RECORDS.encode()), "product"
    found = re.search(rf"{IMPORTS}/(\d+)", form.submit(status=303).headers["Location"])
    assert found is not None
    return int(found[1])


def executed(staff: TestApp, admin: TestApp) -> tuple[int, int]:
    """Return the numbers of an executed price change and of an executed import."""
    change = number_in(upload(staff, PRICE_LIST, vendor_code="V1"))
    form_to(staff.get(url_of(change)), "/complete").submit(status=303)
    form_to(admin.get(url_of(change)), "/execute").submit(status=303)
    other = imported(staff)
    form_to(staff.get(f"{IMPORTS}/{other}"), "/complete").submit(status=303)
    page = form_to(admin.get(f"{IMPORTS}/{other}"), "/execute").submit(status=303).follow()
    assert "Products: 1 updated, 1 created." in text_of(page)
    return change, other


def test_people_do_all_their_work(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    change, other = executed(staff, admin)
    assert sorted(line[4:] for line in catalogue.price_history()) == [
        (change, 1),
        (change, 2),
        (change, 3),
        (other, 1),
    ]

    # What only the owner may have PostgreSQL look at was looked at.
    known = text("SELECT relname FROM pg_class WHERE relname IN (:change, :other) AND reltuples > 0")
    with catalogue.engine.connect() as connection:
        tables = {"change": "price_change_row", "other": f"row_{other}"}
        assert set(connection.scalars(known, tables)) == set(tables.values())

    # Editing, cloning, deleting, an edit of a product, a user.
    copy = number_in(post(staff, url_of(change, "clone")))
    row = form_with(staff.get(url_of(copy, "rows", 1)), "new_price")
    row["new_price"] = "9.99"
    row.submit(status=303)
    form_to(staff.get(url_of(copy)), "/refresh").submit(status=303)
    post(admin, url_of(copy, "delete"))
    clone = post(staff, f"{IMPORTS}/{other}/clone").headers["Location"].rpartition("/")[2]
    post(admin, f"{IMPORTS}/{clone}/delete")
    again = imported(staff)
    post(admin, f"{IMPORTS}/{again}/delete")
    product = form_with(admin.get("/products/1/edit"), "price")
    product["price"], product["direct_edit_reason"] = "7.77", "A typing error"
    product.submit(status=303)
    assert catalogue.batches() == 2
    assert [table for table in CatalogueDatabase(catalogue.engine).tables if table.startswith("row_")] == [
        f"row_{other}"
    ]

    # Who audits looks at everything.
    for path in (url_of(change), url_of(change, "history"), f"{IMPORTS}/{other}", "/products/1", "/batches"):
        assert auditor.get(path, status=200)
    assert "000000031" in auditor.get(f"{IMPORTS}/{other}/rows.csv").text


def test_it_starts_and_is_ready(settings: dict[str, str]) -> None:
    app = batchbook.main({}, **settings)
    assert TestApp(app).get("/ready").json["ready"]
    services_of(app.registry).get(Engine).dispose()


def test_jobs_run(catalogue: CatalogueDatabase, staff: TestApp, settings: dict[str, str]) -> None:
    app = batchbook.main({}, **settings | {"batchbook.jobs": "workers", "batchbook.jobs.poll_seconds": "0.1"})
    browser = TestApp(app, extra_environ={"REMOTE_ADDR": "127.0.0.1"}, cookiejar=staff.cookiejar)
    worker = Worker(services_of(app.registry))
    try:
        worker.start()
        form = form_with(browser.get(f"{IMPORTS}/new"), "file")
        form["file"], form["target"] = Upload("list.csv", RECORDS.encode()), "product"
        page = form.submit(status=303).follow()
        for _ in range(200):
            if catalogue.batch(1).state == "open":
                break
            worker.jobs.enqueued.wait(0.1)
        assert catalogue.batch(1).row_count == 2
        assert page
    finally:
        worker.stop(5)
        services_of(app.registry).get(JobService).close()
        services_of(app.registry).get(Engine).dispose()


ATTACKS = {
    "switch triggers off": "ALTER TABLE price_history DISABLE TRIGGER ALL",
    "switch one trigger off": "ALTER TABLE batch DISABLE TRIGGER frozen_batch_update_from",
    "switch the row table's triggers off": "ALTER TABLE row_{other} DISABLE TRIGGER USER",
    "pretend to replicate": "SET session_replication_role = replica",
    "drop a trigger": "DROP TRIGGER frozen_price_history_delete ON price_history",
    "drop the record": "DROP TABLE price_history",
    "drop the row table": "DROP TABLE row_{other}",
    "replace what refuses": "CREATE OR REPLACE FUNCTION batchbook_refuse_record() RETURNS trigger LANGUAGE plpgsql"
    " AS $$ BEGIN RETURN NULL; END $$",
    "become the owner": "SET ROLE {owner}",
    "own the record": "ALTER TABLE price_history OWNER TO {owner}_app",
    "own the row table": "ALTER TABLE row_{other} OWNER TO {owner}_app",
    "empty the record": "TRUNCATE price_history",
    "empty what it refers to": "TRUNCATE product CASCADE",
    "empty the batches": "TRUNCATE batch CASCADE",
    "empty the row table": "TRUNCATE row_{other}",
    "inherit": "CREATE TABLE evil () INHERITS (price_history)",
    "inherit for a while": "CREATE TEMP TABLE evil () INHERITS (price_history)",
    "inherit rows": "CREATE TEMP TABLE evil () INHERITS (row_{other})",
    "put the record under another table": "CREATE TEMP TABLE evil (changed_by varchar(80) NOT NULL);"
    "ALTER TABLE price_history INHERIT evil",
    "make a rule": "CREATE RULE lose AS ON INSERT TO price_history DO INSTEAD NOTHING",
    "make a trigger": "CREATE TRIGGER mine BEFORE INSERT ON price_history FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "make a table": "CREATE TABLE mine (id int)",
    "make an operator": "CREATE FUNCTION public.same(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
    "make a schema": "CREATE SCHEMA mine",
    "fake a migration": "UPDATE alembic_version SET version_num = 'x'",
}
REFUSED = {
    "change the record": "UPDATE price_history SET new_price = 1",
    "delete from the record": "DELETE FROM price_history",
    "add to what was executed": "INSERT INTO price_history SELECT id + 1000, product_id, item_code, 1, 2, changed_at,"
    " changed_by, batch_id, sequence FROM price_history",
    "change an executed row": "UPDATE row_{other} SET status = 'x'",
    "change the executed header": "UPDATE batch SET state = 'open'",
    "have the row table dropped": "SELECT batchbook_drop_rows({other})",
}
#: What the functions that make row tables are asked for, and what they say.
MISUSES = {
    "SELECT batchbook_make_rows({other}, ARRAY['batch_id INTEGER', 'sequence INTEGER'])": "already exists",
    "SELECT batchbook_make_rows(77, ARRAY['a INTEGER); DROP TABLE batch; --'])": "cannot have this column",
    "SELECT batchbook_make_rows(77, ARRAY['a INTEGER DEFAULT nextval(1)'])": "cannot have this column",
    "SELECT batchbook_make_rows(77, ARRAY['a evil'])": "cannot have this column",
    "SELECT batchbook_index_rows({other}, ARRAY['CREATE INDEX x ON batch (id)'])": "cannot have this index",
    "SELECT batchbook_index_rows({other}, ARRAY['CREATE INDEX x ON row_77 (batch_id)'])": "cannot have this index",
    "SELECT batchbook_index_rows({other}, ARRAY['CREATE INDEX x ON row_{other} (lower(status))'])": "cannot have this",
    "SELECT batchbook_index_rows({other}, ARRAY['CREATE INDEX x ON row_{other} (a) (b); DROP TABLE batch'])": "cannot",
}


def test_no_setting_of_a_session_changes_what_a_row_table_may_have(engine: Engine) -> None:
    attack = (
        "SET LOCAL standard_conforming_strings = off; SET LOCAL escape_string_warning = off;"
        "CREATE DOMAIN pg_temp.varchard AS text;"
        "SELECT batchbook_make_rows(77, ARRAY['batch_id INTEGER NOT NULL', 'sequence INTEGER NOT NULL', 'a VARCHARd'])"
    )
    with engine.connect() as connection, pytest.raises(Exception, match="cannot have this column"):
        connection.exec_driver_sql(attack)


def test_nobody_who_is_the_application_falsifies_anything(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, prepared: Roles, subtests: pytest.Subtests
) -> None:
    _, other = executed(staff, admin)
    before = CatalogueDatabase(catalogue.engine).dump(without=OWN)
    cases = [(sql, NOT_ALLOWED) for sql in ATTACKS.values()] + [(sql, GUARDED) for sql in REFUSED.values()]
    for statement, says in [*cases, *MISUSES.items()]:
        filled = statement.replace("{other}", str(other)).replace("{owner}", prepared.owner.username or "")
        with (
            subtests.test(filled),
            pytest.raises(Exception, match=says),
            catalogue.engine.begin() as connection,
        ):
            connection.exec_driver_sql(filled)
    assert CatalogueDatabase(catalogue.engine).dump(without=OWN) == before


def test_nobody_else_has_row_tables_made_or_dropped(engine: Engine) -> None:
    with engine.connect() as connection:
        functions = connection.scalars(
            text("SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef AND proname LIKE 'batchbook%'")
        ).all()
        assert len(functions) == 4
        for name in functions:
            asked = text("SELECT has_function_privilege('pg_monitor', :name, 'EXECUTE')")
            assert connection.scalar(asked, {"name": name}) is False
