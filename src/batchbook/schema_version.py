"""The version of the schema: the migrations that exist, and a check that a database has them all.

The migrations' files and the database's own table are read without Alembic, because every command and each request
for ``/ready`` check this, and importing Alembic takes longer than most commands. :mod:`batchbook.migrate` runs
migrations.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, inspect

from batchbook.db.transactions import READ_ONLY
from batchbook.settings import Setting

MIGRATIONS = Setting(
    "batchbook.migrations",
    "",
    "The places of plug-ins' migrations, such as acme:migrations; separate several by spaces.",
)

SETTINGS = (MIGRATIONS,)

#: The table in which Alembic keeps the migrations that a database has.
_TABLE = "alembic_version"


def plugin_locations(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the places of plug-ins' migrations, as the setting ``batchbook.migrations`` lists them."""
    return tuple(MIGRATIONS.text(settings).split())


def locations(plugins: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the places of all migrations: folders, or packages with a folder, such as ``acme:migrations``."""
    return ("batchbook.migrations:versions", *plugins)


def is_current(engine: Engine, plugins: Sequence[str] = ()) -> bool:
    """Return whether the database has every migration, including those of plug-ins."""
    return has_all(engine, expected(plugins))


def expected(plugins: Sequence[str] = ()) -> frozenset[str]:
    """Return the latest migrations (heads). They depend on the installed packages, not on the database.

    A migration on which one of another branch depends is none, because Alembic replaces it by that one.
    """
    found = list(_revisions(map(_folder, locations(plugins))))
    earlier = {revision for _, before in found for revision in before}
    return frozenset(revision for revision, _ in found) - earlier


def has_all(engine: Engine, heads: frozenset[str]) -> bool:
    """Return whether the database has the migrations ``heads``."""
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        if not inspect(connection).has_table(_TABLE):
            return False
        return heads <= set(connection.exec_driver_sql(f"SELECT version_num FROM {_TABLE}").scalars())  # noqa: S608


def _folder(location: str) -> Traversable:
    package, colon, name = location.partition(":")
    try:
        folder: Traversable = files(package) / name if colon else Path(location)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"The setting {MIGRATIONS.name} names {location}: {error}.") from error
    if not folder.is_dir():
        raise ConfigurationError(
            f"The setting {MIGRATIONS.name} names {location}, which is no folder: write it like acme:migrations."
        )
    return folder


def _revisions(folders: Iterable[Traversable]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the revision of each migration with those that it follows or depends on."""
    for folder in folders:
        for file in folder.iterdir():
            if file.name.endswith(".py") and not file.name.startswith((".", "__")):
                # The constants come first; the functions below them take long to parse.
                values = _constants(file.read_text("utf-8").partition("\ndef ")[0])
                if "revision" not in values:
                    raise ConfigurationError(
                        f"The migration {file.name} assigns no plain text to “revision”."
                    )
                before = [values.get(name) or () for name in ("down_revision", "depends_on")]
                yield (
                    values["revision"],
                    tuple(chain(*((one,) if isinstance(one, str) else one for one in before))),
                )


def _constants(source: str) -> dict[str, Any]:
    """Return the constants that a module assigns, by name."""
    found: dict[str, Any] = {}
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name() as name], value=value):
                pairs: Iterable[tuple[ast.expr, ast.expr]] = [(name, value)]
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs = zip(names, values, strict=True)
            case ast.AnnAssign(target=ast.Name() as name, value=ast.expr() as value):
                pairs = [(name, value)]
            case _:
                continue
        with suppress(ValueError):
            found |= {name.id: ast.literal_eval(value) for name, value in pairs if isinstance(name, ast.Name)}
    return found
