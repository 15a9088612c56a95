"""Packages with batch types of others, and the history of their migrations."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.operations.ops import AddColumnOp, CreateTableOp, MigrateOperation
from alembic.script import Script, ScriptDirectory
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Column, Engine, ForeignKey, inspect

from batchbook import migrate
from batchbook.application import INCLUDE, configure_services
from batchbook.batches.registry import BatchTypes
from batchbook.db.engine import make_engine
from batchbook.declarations import author_error
from batchbook.errors import BadInput
from batchbook.schema_version import MIGRATIONS, plugin_locations
from batchbook.services import services_of

#: The folder of a package for its migrations.
FOLDER = "migrations"
#: Alembic's table has room for so many characters of a revision; four are the number, one the line before it.
_LONGEST_BRANCH = 27
_NUMBERED = re.compile(r"(.*?)(\d+)")
_CREATED = re.compile(r"create_table\(\s*[\"'](\w+)[\"']")


@dataclass(frozen=True)
class PluginPackage:
    """A package with batch types, by its importable name, and the folder in which it is."""

    name: str
    folder: Path

    @property
    def migrations(self) -> Path:
        """The folder of its migrations."""
        return self.folder / FOLDER

    @property
    def location(self) -> str:
        """The folder of its migrations as the setting ``batchbook.migrations`` names it."""
        return f"{self.name}:{FOLDER}"

    def add_migration(self, revision: str, text: str) -> Path:
        """Write a migration into the folder, which is made with the first one; return its file."""
        self.migrations.mkdir(exist_ok=True)
        if not (self.migrations / "__init__.py").exists():
            (self.migrations / "__init__.py").write_text(
                '"""The history of the package\'s tables, a branch of its own."""\n', encoding="utf-8"
            )
        file = self.migrations / f"{revision}.py"
        file.write_text(text, encoding="utf-8")
        return file


def package_in(project: Path) -> PluginPackage:
    """Return the one package in the folder of a project, in ``src`` or beside ``pyproject.toml``, and make it importable.

    Raises ``BadInput`` if there is none, or more than one.
    """
    places = [project / "src", project]
    found = next(filter(None, ([*_packages(place)] for place in places)), [])
    if len(found) != 1:
        there = f"{len(found)}: {', '.join(sorted(one.name for one in found))}" if found else "none"
        raise BadInput(
            f"No migration was written: {project} must be the folder of a project with one package, in src or beside"
            f" pyproject.toml, and has {there}. Name an installed package with --package instead."
        )
    sys.path.insert(0, str(found[0].parent.resolve()))
    return PluginPackage(found[0].name, found[0].resolve())


def _packages(place: Path) -> Iterator[Path]:
    for folder in place.iterdir() if place.is_dir() else ():
        if (folder / "__init__.py").is_file() and folder.name not in ("tests", "docs"):
            yield folder


def installed_package(name: str) -> PluginPackage:
    """Return the package that can be imported as ``name``; raise ``BadInput`` if it cannot."""
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise ConfigurationError(
                f"The package {name} could not be imported: {author_error(error)}"
            ) from error
        raise BadInput(
            f"No migration was written: there is no package {name} here. Install it, or give the folder of its project."
        ) from error
    if module.__file__ is None or Path(module.__file__).name != "__init__.py":
        raise BadInput(f"No migration was written: {name} is a module, and only a package has migrations.")
    return PluginPackage(name, Path(module.__file__).resolve().parent)


class History:
    """The package's types, its migrations so far, and a database that has them all."""

    def __init__(self, package: PluginPackage, settings: Mapping[str, Any], url: str) -> None:
        self.package = package
        included = [*INCLUDE.text(settings).split()]
        places = [place for place in plugin_locations(settings) if place != package.location]
        includes = " ".join(dict.fromkeys((*included, package.name)))
        registry = configure_services(
            {
                "sqlalchemy.url": url,
                "batchbook.development": "true",
                INCLUDE.name: includes,
                MIGRATIONS.name: "",
            }
        ).registry
        services_of(registry).get(Engine).dispose()
        self.types = [
            batch_type
            for batch_type in services_of(registry).get(BatchTypes)
            if f"{batch_type.header.__module__}.".startswith(f"{package.name}.")
        ]
        self.engine = make_engine(url)
        migrate.upgrade(self.engine, places)
        others = {*inspect(self.engine).get_table_names()}
        if any(package.migrations.glob("[!_]*.py")):
            places.append(package.location)
            importlib.invalidate_caches()
            migrate.upgrade(self.engine, places)
        self.scripts: ScriptDirectory = migrate.scripts(places)
        #: The tables that the package's migrations have made.
        self.existing = {*inspect(self.engine).get_table_names()} - others
        #: The names of all tables of the package: those of its models, and those that only migrations know.
        self.tables = {table.name for table in migrate.tables_of(package.name)} | self.existing
        #: The package's own migrations, the latest first.
        self.own = [
            script
            for script in self.scripts.walk_revisions()
            if Path(script.path).resolve().is_relative_to(package.folder)
        ]

    @property
    def label(self) -> str:
        """The label of the package's branch."""
        name = self.package.name.rpartition(".")[2].removeprefix("batchbook_")
        return name[:_LONGEST_BRANCH].rstrip("_")

    def next_revision(self) -> tuple[str, str | None]:
        """Return the revision of the next migration, and the one that it follows, ``None`` for the first."""
        followed = {before for script in self.own for before in _texts(script.down_revision)}
        heads = [script.revision for script in self.own if script.revision not in followed]
        if not heads:
            return f"{self.label}_0001", None
        if len(heads) > 1:
            raise BadInput(
                f"No migration was written: {' and '.join(sorted(heads))} of {self.package.name} both come last. Have one of"
                " them follow the other by its down_revision."
            )
        numbered = _NUMBERED.fullmatch(heads[0])
        if numbered is None:
            return f"{self.label}_{len(self.own) + 1:04}", heads[0]
        return f"{numbered[1]}{int(numbered[2]) + 1:0{len(numbered[2])}}", heads[0]

    def dependencies(self, operations: Sequence[MigrateOperation], *, is_first: bool) -> Any:
        """Return the migrations of others that make the tables to which new foreign keys refer, as ``depends_on``."""
        own = {script.revision for script in self.own}
        made: dict[str, Script] = {}
        for script in reversed([*self.scripts.walk_revisions()]):
            if script.revision not in own:
                made |= dict.fromkeys(_CREATED.findall(Path(script.path).read_text(encoding="utf-8")), script)
        referred = {key.target_fullname.partition(".")[0] for key in _foreign_keys(operations)}
        referred |= {"batch"} if is_first else set()
        needed = {made[table].revision for table in referred if table in made}
        implied = {
            older.revision
            for revision in needed
            for older in self.scripts.walk_revisions(head=revision)
            if older.revision != revision
        }
        found = sorted(needed - implied)
        return found[0] if len(found) == 1 else tuple(found) or None


def _texts(revisions: Any) -> tuple[str, ...]:
    return (revisions,) if isinstance(revisions, str) else tuple(revisions or ())


def _foreign_keys(operations: Sequence[MigrateOperation]) -> Iterator[ForeignKey]:
    for operation in operations:
        match operation:
            case CreateTableOp():
                for item in operation.columns:
                    yield from (
                        item.foreign_keys if isinstance(item, Column) else getattr(item, "elements", ())
                    )
            case AddColumnOp():
                yield from operation.column.foreign_keys
