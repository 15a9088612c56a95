"""The checks of migrations complain about those that do not lead to the models."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from batchbook import migrate
from batchbook.testing.databases import Databases
from batchbook.testing.schema_checks import own_tables
from batchbook.types.price_change.handler import PriceChangeHandler

from .broken_types import broken, complaint


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DROP TABLE price_change_row", "No migration creates ['price_change_row']"),
        ("ALTER TABLE price_change_row DROP COLUMN size", "these differ: [('add_column'"),
        ("ALTER TABLE price_change_row ADD COLUMN colour TEXT", "these differ: [('remove_column'"),
    ],
)
def test_migrations_that_do_not_lead_to_the_models(
    databases: Databases,
    empty_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    words: str,
) -> None:
    with broken(databases, PriceChangeHandler, rows=0) as (kit, harness):
        upgrade = migrate.upgrade

        def upgrade_otherwise(engine: Engine, plugins: tuple[str, ...]) -> None:
            upgrade(engine, plugins)
            with engine.begin() as connection:
                connection.exec_driver_sql(statement)

        monkeypatch.setattr(migrate, "upgrade", upgrade_otherwise)
        problem = complaint(kit.test_migrations_lead_from_nothing_to_the_models, harness, empty_engine)
    assert words in problem


def test_the_tables_of_a_package_are_those_of_its_models(databases: Databases) -> None:
    with broken(databases, PriceChangeHandler, rows=0) as (_kit, harness):
        names = {table.name for table in own_tables(harness)}
    assert {"price_change", "price_change_row", "product"} <= names
