"""Checks that the type's migrations lead to the schema of its models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, Table, inspect

from batchbook import migrate, schema_version
from batchbook.db import Base
from batchbook.db.engine import make_engine
from batchbook.testing.databases import Databases
from batchbook.testing.harness import AppHarness, HarnessFixtures
from batchbook.testing.sample import check


class SchemaChecks(HarnessFixtures):
    """Migrations."""

    @pytest.fixture
    def kit_empty(self, kit_backend: str, kit_databases: Databases) -> Iterator[Engine]:
        """An engine on a database without any table."""
        with kit_databases.empty(kit_backend) as url:
            engine = make_engine(url)
            yield engine
            engine.dispose()

    def test_migrations_lead_from_nothing_to_the_models(self, harness: AppHarness, kit_empty: Engine) -> None:
        """Upgraded from nothing, the database has the package's tables as its models say."""
        own = own_tables(harness)
        migrate.upgrade(kit_empty, self.plugins)
        missing = {table.name for table in own} - set(inspect(kit_empty).get_table_names())
        check(
            not missing,
            f"No migration creates {sorted(missing)}: write one, and name its place in batchbook.migrations.",
        )
        differing = [
            found for found in _flat(migrate.differences(kit_empty)) if _table_of(found) in own_names(own)
        ]
        check(not differing, f"The migrations do not lead to what the models say; still to do: {differing}.")
        check(
            schema_version.is_current(kit_empty, self.plugins),
            "After an upgrade the database must have every migration.",
        )

    def test_upgrading_again_changes_nothing(self, kit_empty: Engine) -> None:
        """``batchbook init`` may be run at any time."""
        migrate.upgrade(kit_empty, self.plugins)
        before = sorted(inspect(kit_empty).get_table_names())
        migrate.upgrade(kit_empty, self.plugins)
        check(before == sorted(inspect(kit_empty).get_table_names()), "A second upgrade must change nothing.")


def own_tables(harness: AppHarness) -> set[Table]:
    """Return the tables of all models in the package from which the type's header comes."""
    package = harness.batch_type.header.__module__.partition(".")[0]
    known = set(Base.metadata.tables.values())  # Those that batches make at run time are none of them.
    return {
        mapper.local_table
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.partition(".")[0] == package
        and isinstance(mapper.local_table, Table)
        and mapper.local_table in known
    }


def own_names(tables: set[Table]) -> set[str]:
    """Return the tables' names."""
    return {table.name for table in tables}


def _flat(differences: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield Alembic's differences one by one; those within a table come as a list."""
    for found in differences:
        yield from found if isinstance(found, list) else [found]


def _table_of(difference: tuple[Any, ...]) -> str:
    """Return the name of the table that a difference is in."""
    for part in difference[1:]:
        if isinstance(part, str):
            return part
        table = part if isinstance(part, Table) else getattr(part, "table", None)
        if table is not None:
            return str(table.name)
    return ""
