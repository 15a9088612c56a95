"""Commands for authors of batch types: write a package with a new type, and the migrations of its models."""

from __future__ import annotations

import os
from pathlib import Path

import click

from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, print_result
from batchbook.cli.parameters import TEXT
from batchbook.errors import BadInput
from batchbook.scaffold import describe, write_package
from batchbook.scaffold.migration_writer import write_migration
from batchbook.scaffold.plugin_package import installed_package, package_in

_FOLDER = click.Path(file_okay=True, path_type=Path)


@click.group("type")
def type_group() -> None:
    """Batch types of your own: write a package with a new one, and its migrations."""


@type_group.command()
@click.argument("key", type=TEXT)
@click.option(
    "--title", default="", type=TEXT, help="The name of a batch for people, by default made from KEY."
)
@click.option("--to", "folder", type=_FOLDER, help="The folder to write, by default named like the package.")
@click.option("--package", default="", type=TEXT, help="The name of the package, by default batchbook_KEY.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME:KIND",
    type=TEXT,
    help="A column of rows, such as due:date, or description:Product.description to take it from the catalogue; may be repeated.",
)
@click.option(
    "--header",
    multiple=True,
    metavar="NAME:KIND",
    type=TEXT,
    help="A column of the header, such as reason:text; may be repeated.",
)
@json_option
def new(
    key: str,
    title: str,
    folder: Path | None,
    package: str,
    columns: tuple[str, ...],
    header: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write a package with the new batch type KEY, which can be installed, started and tested at once."""
    described = describe(key, title, package, columns, header)
    place = folder or Path(described.package)
    files = [file.relative_to(place).as_posix() for file in write_package(described, place)]
    print_result(
        as_json,
        {"key": key, "package": described.package, "folder": str(place), "files": files},
        f"The package {described.package} was written to {place}:",
        *(f"  {file}" for file in files),
        "Try it:",
        f"  pip install --editable {place}",
        f"  batchbook -c {place / 'try.ini'} init",
        f"  batchbook -c {place / 'try.ini'} serve",
    )


@type_group.command()
@click.argument("folder", metavar="[PACKAGE_DIR]", required=False, type=_FOLDER)
@click.option("--package", type=TEXT, help="The name of an installed package, instead of a project's folder.")
@click.option(
    "--message",
    default="",
    type=TEXT,
    help="What changes, in a few words; by default the tables and columns.",
)
@json_option
@pass_installation
def migration(
    installation: Installation, folder: Path | None, package: str | None, message: str, as_json: bool
) -> None:
    """Write the next migration of a package, by comparing its models with its migrations so far.

    PACKAGE_DIR is the folder of its project, by default the current one. A settings file named with -c tells of other plug-ins
    that the package needs.
    """
    if folder is not None and package is not None:
        raise click.UsageError("Give either the folder of a project or --package, not both.")
    if '"' in message or "\\" in message:
        raise BadInput("No migration was written: its message can have no double quotes and no backslashes.")
    found = package_in(folder or Path()) if package is None else installed_package(package)
    settings = installation.settings if _names_settings() else {}
    written = write_migration(found, settings, message)
    file = Path(os.path.relpath(written.file))
    print_result(
        as_json,
        {"file": str(file), "summary": written.summary, "warnings": list(written.warnings)},
        f"The migration {file} was written: {written.summary}. “batchbook init” runs it.",
        *written.warnings,
    )


def _names_settings() -> bool:
    source = click.get_current_context().find_root().get_parameter_source("ini")
    return source is not click.core.ParameterSource.DEFAULT
