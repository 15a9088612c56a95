from __future__ import annotations

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, create_engine

from batchbook import migrate, schema_version


def written(folder: Path, *migrations: str) -> str:
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for number, text in enumerate(migrations):
        (folder / f"{number}.py").write_text(
            f"from alembic import op\n{text}\n\n\ndef upgrade():\n    pass\n"
        )
    return str(folder)


def by_alembic(*places: str) -> frozenset[str]:
    config = Config()
    config.set_main_option("script_location", "batchbook.migrations:")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(("batchbook.migrations:versions", *places)))
    return frozenset(ScriptDirectory.from_config(config).get_heads())


def test_the_expected_migrations_are_those_that_alembic_finds(tmp_path: Path) -> None:
    place = written(
        tmp_path / "acme",
        'revision, down_revision, branch_labels = "a1", None, ("acme",)',
        'revision: str = "a2"\ndown_revision: str | None = "a1"\nbranch_labels = None',
        'revision = "a3"\ndown_revision = "a1"\nbranch_labels = None',
        'revision = "a4"\ndown_revision = ("a2", "a3")\nbranch_labels = None',
    )
    assert schema_version.expected() == by_alembic()
    assert schema_version.expected([place]) == by_alembic(place) == schema_version.expected() | {"a4"}


def test_a_migration_on_which_another_branch_depends_is_replaced_by_it(
    tmp_path: Path, empty_engine: Engine
) -> None:
    (head,) = schema_version.expected()
    place = written(
        tmp_path / "acme",
        f'revision, down_revision, branch_labels, depends_on = "a1", None, ("acme",), "{head}"',
        'revision, down_revision, branch_labels, depends_on = "a2", "a1", None, ("0001",)',
    )
    assert schema_version.expected([place]) == {"a2"}
    migrate.upgrade(empty_engine, [place])
    assert schema_version.is_current(empty_engine, [place])


def test_a_migration_whose_revision_is_computed_is_refused(tmp_path: Path) -> None:
    place = written(tmp_path / "acme", "revision = str(1)\ndown_revision = None")
    with pytest.raises(ConfigurationError, match=r"The migration 0\.py assigns no plain text"):
        schema_version.expected([place])


def test_a_place_without_migrations_is_named_with_its_setting(tmp_path: Path) -> None:
    for place in ("batchbook:no_such_folder", str(tmp_path / "nowhere"), "nowhere_at_all:migrations"):
        with pytest.raises(ConfigurationError, match=f"The setting batchbook.migrations names {place}"):
            schema_version.expected([place])


def test_a_database_without_any_table_lacks_migrations() -> None:
    assert not schema_version.is_current(create_engine("sqlite://"))


def test_plugin_locations_are_read_from_the_setting() -> None:
    assert schema_version.plugin_locations({"batchbook.migrations": "acme:migrations\n  zeta:alembic"}) == (
        "acme:migrations",
        "zeta:alembic",
    )
    assert schema_version.plugin_locations({}) == ()
