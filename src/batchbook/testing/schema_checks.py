"""Checks that the migrations of a type create the schema of its models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, Table, inspect

from batchbook import migrate, schema_version
from batchbook.db.engine import make_engine
from batchbook.testing.databases import Databases
from batchbook.testing.harness import AppHarness, HarnessFixtures, skip_if_quick
from batchbook.testing.sample import check


class SchemaChecks(HarnessFixtures):
    """Checks of migrations."""

    @pytest.fixture
    def kit_empty(self, kit_backend: str, kit_databases: Databases) -> Iterator[Engine]:
        """An engine on a database without tables."""
        with kit_databases.empty(kit_backend) as url:
            engine = make_engine(url)
            yield engine
            engine.dispose()

    def test_migrations_lead_from_nothing_to_the_models(self, harness: AppHarness, kit_empty: Engine) -> None:
        """After an upgrade from an empty database, the package's tables match its models."""
        own = own_tables(harness)
        migrate.upgrade(kit_empty, self.plugins)
        missing = {table.name for table in own} - set(inspect(kit_empty).get_table_names())
        check(
            not missing,
            f"No migration creates {sorted(missing)}: write one, and add its folder to batchbook.migrations.",
        )
        differing = [
            found for found in _flat(migrate.differences(kit_empty)) if _table_of(found) in own_names(own)
        ]
        check(
            not differing,
            f"The migrations do not create the schema of the models; these differ: {differing}.",
        )
        check(
            schema_version.is_current(kit_empty, self.plugins),
            "After an upgrade, the database must have all migrations.",
        )

    def test_upgrading_again_changes_nothing(self, kit_empty: Engine) -> None:
        """A second upgrade, such as by ``batchbook init``, does nothing."""
        skip_if_quick()
        migrate.upgrade(kit_empty, self.plugins)
        before = sorted(inspect(kit_empty).get_table_names())
        migrate.upgrade(kit_empty, self.plugins)
        check(before == sorted(inspect(kit_empty).get_table_names()), "A second upgrade must change nothing.")


def own_tables(harness: AppHarness) -> set[Table]:
    """Return the tables of all models in the package that defines the type's header."""
    return migrate.tables_of(harness.batch_type.header.__module__.partition(".")[0])


def own_names(tables: set[Table]) -> set[str]:
    """Return the names of ``tables``."""
    return {table.name for table in tables}


def _flat(differences: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield Alembic's differences one by one; it returns those within a table as a list."""
    for found in differences:
        yield from found if isinstance(found, list) else [found]


def _table_of(difference: tuple[Any, ...]) -> str:
    """Return the name of the table that a difference concerns, empty if there is none."""
    for part in difference[1:]:
        if isinstance(part, str):
            return part
        table = part if isinstance(part, Table) else getattr(part, "table", None)
        if table is not None:
            return str(table.name)
    return ""
