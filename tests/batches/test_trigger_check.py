"""The application does not start on a database whose triggers are missing or can be passed by, and is not ready."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Engine
from webtest import TestApp

import batchbook
from batchbook.errors import Conflict
from batchbook.jobs.service import JobService
from batchbook.services import services_of

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'price_change_row'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'price_change_row'::regclass AND NOT tgisinternal",
}
POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"])


def change(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def refused(settings: dict[str, str], client: TestApp, reason: str) -> None:
    (said,) = client.get("/ready", status=503).json["reasons"]
    assert reason in said
    with pytest.raises(Conflict, match=re.escape(reason)):
        batchbook.main({}, **settings)


def test_on_a_database_as_migrations_leave_it_the_application_starts_and_is_ready(
    settings: dict[str, str], engine: Engine
) -> None:
    application = batchbook.main({}, **settings)
    assert TestApp(application).get("/ready").json == {"ready": True, "reasons": []}
    services_of(application.registry).get(Engine).dispose()
    services_of(application.registry).get(JobService).close()


@POSTGRESQL
@pytest.mark.parametrize("table", ["price_history", "batch", "price_change_row", "operation", "job", "row_7"])
def test_a_table_that_inherits(settings: dict[str, str], engine: Engine, client: TestApp, table: str) -> None:
    if table == "row_7":
        change(
            engine,
            "SELECT batchbook_make_rows(7, ARRAY['batch_id INTEGER NOT NULL', 'sequence INTEGER NOT NULL'])",
        )
    change(engine, f"CREATE TABLE evil () INHERITS ({table})")
    refused(
        settings, client, f"The table evil inherits from {table}: rows of the one count as rows of the other"
    )
    change(engine, f"ALTER TABLE evil NO INHERIT {table}")
    assert client.get("/ready").json["ready"]


@POSTGRESQL
def test_a_table_from_which_the_record_inherits(
    settings: dict[str, str], engine: Engine, client: TestApp
) -> None:
    change(engine, "CREATE SCHEMA elsewhere", "CREATE TABLE elsewhere.evil (changed_by varchar(80) NOT NULL)")
    change(engine, "ALTER TABLE price_history INHERIT elsewhere.evil")
    refused(settings, client, "The table price_history inherits from evil")


@POSTGRESQL
def test_a_rule(settings: dict[str, str], engine: Engine, client: TestApp) -> None:
    change(engine, "CREATE RULE lose AS ON INSERT TO price_history DO INSTEAD NOTHING")
    refused(settings, client, "The rule lose makes statements on the table price_history do something else.")


@POSTGRESQL
def test_partitions_of_something_else_are_nobodys_business(engine: Engine, client: TestApp) -> None:
    change(
        engine,
        "CREATE TABLE theirs (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE their_part PARTITION OF theirs DEFAULT",
        "CREATE SCHEMA elsewhere",
        "CREATE TABLE elsewhere.job (id int)",
        "CREATE TABLE elsewhere.old_job () INHERITS (elsewhere.job)",
    )
    assert client.get("/ready").json["ready"]


@POSTGRESQL
@pytest.mark.parametrize(
    "how", ["DISABLE TRIGGER ALL", "DISABLE TRIGGER USER", "ENABLE REPLICA TRIGGER frozen_{}_delete"]
)
@pytest.mark.parametrize("table", ["price_history", "batch", "job"])
def test_triggers_that_are_switched_off(
    settings: dict[str, str], engine: Engine, client: TestApp, table: str, how: str
) -> None:
    change(engine, f"ALTER TABLE {table} {how.format(table)}")
    refused(settings, client, f"The table {table} is not guarded: frozen_{table}_delete")


@pytest.mark.parametrize("table", ["price_history", "cell_change"])
def test_triggers_that_are_gone(
    settings: dict[str, str], engine: Engine, client: TestApp, table: str
) -> None:
    on = f" ON {table}" if engine.dialect.name == "postgresql" else ""
    change(engine, f"DROP TRIGGER frozen_{table}_insert{on}")
    refused(
        settings,
        client,
        f"The table {table} is not guarded: frozen_{table}_insert is missing or switched off.",
    )


MADE = "SELECT batchbook_make_rows(7, ARRAY['batch_id INTEGER NOT NULL', 'sequence INTEGER NOT NULL'])"


@POSTGRESQL
@pytest.mark.parametrize("table", ["row_7", "price_change", "price_change_row", "batch_file"])
def test_triggers_of_what_is_part_of_a_batch_are_switched_off(
    settings: dict[str, str], engine: Engine, client: TestApp, table: str
) -> None:
    change(engine, MADE)
    assert client.get("/ready").json["ready"]
    change(engine, f"ALTER TABLE {table} DISABLE TRIGGER USER")
    refused(settings, client, f"The table {table} is not guarded: frozen_{table}_delete")


@POSTGRESQL
@pytest.mark.parametrize("table", ["row_7", "batch_file"])
def test_a_trigger_against_moving_rows_into_a_batch_is_gone(
    settings: dict[str, str], engine: Engine, client: TestApp, table: str
) -> None:
    change(engine, MADE, f"DROP TRIGGER frozen_{table}_update_to ON {table}")
    refused(settings, client, f"frozen_{table}_update_to is missing or switched off.")


def test_a_row_table_without_triggers(settings: dict[str, str], engine: Engine, client: TestApp) -> None:
    change(engine, "CREATE TABLE row_7 (batch_id INTEGER NOT NULL, sequence INTEGER NOT NULL)")
    refused(settings, client, "The table row_7 is not guarded: frozen_row_7_delete, frozen_row_7_insert, ")


@pytest.mark.parametrize("table", ["price_history", "price_change_row"])
def test_a_table_of_a_type_that_is_missing_is_named_with_the_setting(
    settings: dict[str, str], engine: Engine, client: TestApp, table: str
) -> None:
    change(engine, f"DROP TABLE {table}")
    refused(
        settings,
        client,
        f"The database has no table {table}, which batchbook needs for batches of the type 'price_change'. If batchbook has"
        " migrations, add their place to the setting batchbook.migrations, such as batchbook:migrations, and run",
    )


def test_a_column_of_a_type_that_is_missing_is_named(
    settings: dict[str, str], engine: Engine, client: TestApp
) -> None:
    change(engine, "ALTER TABLE price_change_row RENAME COLUMN line TO row_number")
    refused(
        settings,
        client,
        "The table price_change_row has no column line, which batchbook needs for batches of",
    )


def test_a_table_that_no_migration_froze_is_named_with_the_cure(
    settings: dict[str, str], engine: Engine, client: TestApp
) -> None:
    on = " ON price_change_row" if engine.dialect.name == "postgresql" else ""
    with engine.connect() as connection:
        names = connection.exec_driver_sql(TRIGGERS[engine.dialect.name]).scalars().all()
    assert len(names) >= 3
    change(engine, *(f"DROP TRIGGER {name}{on}" for name in names))
    refused(settings, client, 'have a migration call freeze_table(op.get_bind(), "price_change_row")')


def test_a_database_that_lacks_migrations_is_not_looked_at(
    settings: dict[str, str], engine: Engine, app: Any
) -> None:
    assert app
    change(engine, "DELETE FROM alembic_version", "DROP TABLE price_history")
    services_of(batchbook.main({}, **settings).registry).get(Engine).dispose()
