"""New packages with a batch type: what is written starts, passes the kit, and grows by migrations that are written as well."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from batchbook.demo import CATALOG
from batchbook.errors import BadInput, Conflict
from batchbook.scaffold import describe, rendered, write_package

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from batchbook.cli import main; main()")

#: Everything that a type can be described with; the key has as many characters as one can have.
DESCRIBED = (
    *("reorderpointsofallvendors", "--title", "Reorder points"),
    *("--header", "reason:text(60)", "--header", "due:date", "--header", "limit:price"),
    *("--column", "description:Product.description", "--column", "vendor:Vendor.code"),
    *("--column", "old_point:Product.reorder_point", "--column", "reorder_point:integer", "--column", "unit:text(10)"),
    *("--column", "weight:decimal(9,3)", "--column", "urgent:boolean"),
)  # fmt: skip

MYPY = """
[mypy]
strict = true
cache_dir = {place}/mypy
follow_imports = silent
[mypy-pyramid.*,zope.*,transaction.*]
ignore_missing_imports = true
"""

START = """
import sys
import batchbook
from batchbook.services import services_of
from pyramid.paster import get_appsettings
from sqlalchemy import Engine

registry = batchbook.main({}, **get_appsettings(sys.argv[1])).registry
print(registry.introspector.get("batch types", sys.argv[2])["handler"].__name__)
services_of(registry).get(Engine).dispose()
"""


def run(*arguments: object, cwd: Path, **environment: str) -> str:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BATCHBOOK_"))
    }
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd, env=inherited | environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def checked_by_the_kit(project: Path) -> str:
    """Run the tests of a package in quick mode; return the last line of what pytest prints."""
    tests = run(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests",
        cwd=project, PYTHONPATH=str(project / "src"), BATCHBOOK_CONFORMANCE="quick",
    )  # fmt: skip
    return tests.splitlines()[-1]


def change(project: Path, name: str, old: str, new: str) -> None:
    (file,) = (project / "src").rglob(name)
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a package that the command has written."""
    place = tmp_path_factory.mktemp("authors")
    printed = run(
        *COMMAND, "type", "new", *DESCRIBED, "--to", "project", "--package", "acme_points", cwd=place
    )
    assert printed.startswith("The package acme_points was written to project:\n  README.md\n")
    assert "  pip install --editable project\n" in printed
    return place / "project"


def test_a_new_package_is_formatted_and_typed(project: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "ruff", "format", "--check", project, cwd=project)
    run(
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--extend-select",
        "I,D2,D4,RET,SIM,UP,ARG",
        "--ignore",
        "D203,D213",
        ".",
        cwd=project,
    )
    (tmp_path / "mypy.ini").write_text(MYPY.format(place=tmp_path))
    typed = run(
        sys.executable, "-m", "mypy", "--config-file", tmp_path / "mypy.ini", project / "src",
        cwd=tmp_path, MYPYPATH=f"{ROOT / 'src'}",
    )  # fmt: skip
    assert typed.startswith("Success: no issues found in 6 source files")


def test_a_new_package_can_be_installed_and_started(project: Path, tmp_path: Path) -> None:
    place = tmp_path / "installed"
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--target", place, project, cwd=tmp_path,
    )  # fmt: skip
    assert (place / "acme_points" / "migrations" / "acme_points_0001.py").is_file()
    settings = tmp_path / "try.ini"
    settings.write_text((project / "try.ini").read_text())
    printed = run(*COMMAND, "-c", settings, "init", cwd=tmp_path, PYTHONPATH=str(place))
    assert "Demo logins:" in printed
    started = run(
        sys.executable, "-c", START, settings, "reorderpointsofallvendors",
        cwd=tmp_path, PYTHONPATH=str(place),
    )  # fmt: skip
    assert started.strip() == "ReorderpointsofallvendorsHandler"
    batch = ("batch", "create", "reorderpointsofallvendors", "--file", project / "try.csv", "--as", "staff")
    run(*COMMAND, "-c", settings, *batch, cwd=tmp_path, PYTHONPATH=str(place))
    rows = run(*COMMAND, "-c", settings, "batch", "rows", "1", cwd=tmp_path, PYTHONPATH=str(place))
    assert [line.split(",")[-2] for line in rows.splitlines()] == ["status", "ready", "ready", "not_found"]


def test_a_new_package_passes_the_kit_and_again_when_its_models_have_changed(project: Path) -> None:
    first = checked_by_the_kit(project)
    assert re.search(r"\d+ passed, 4 skipped", first)
    change(
        project,
        "models.py",
        "urgent: Mapped[bool | None] = editable()",
        "urgent: Mapped[bool | None] = editable()\n    note: Mapped[str | None] = editable(String(80))",
    )
    change(
        project,
        "models.py",
        "reason: Mapped[str | None] = editable(String(60))",
        "reason: Mapped[str | None] = editable(String(90))",
    )
    change(project, "views.py", '"weight", "urgent")', '"urgent", "note")')
    printed = run(*COMMAND, "type", "migration", "--message", "Notes", cwd=project)
    file = "src/acme_points/migrations/acme_points_0002.py"
    assert printed == f"The migration {file} was written: Notes. “batchbook init” runs it.\n"
    run(sys.executable, "-m", "ruff", "format", "--check", project, cwd=project)
    assert checked_by_the_kit(project).partition(" in ")[0] == first.partition(" in ")[0]


def test_a_type_that_is_described_by_its_key_alone_passes_the_kit(tmp_path: Path) -> None:
    run(*COMMAND, "type", "new", "shelf_label", cwd=tmp_path)
    project = tmp_path / "batchbook_shelf_label"
    run(sys.executable, "-m", "ruff", "format", "--check", project, cwd=project)
    assert " passed, 4 skipped" in checked_by_the_kit(project)
    assert (
        '__title__ = "Shelf label"' in (project / "src" / "batchbook_shelf_label" / "models.py").read_text()
    )


def test_the_list_to_try_has_items_of_the_demo() -> None:
    _, *lines = rendered(describe("shelf_label", columns=["due:date"]))["try.csv"].splitlines()
    known = CATALOG.read_text()
    assert [f"\n{line.split(',')[0]}," in known for line in lines] == [True, True, False]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"key": "Reorder"}, "“Reorder” cannot be a type's key"),
        ({"key": "reorder-points"}, "“reorder-points” cannot be a type's key"),
        ({"key": "row_points"}, "“row_points” cannot be a type's key"),
        ({"key": "a" * 26}, "cannot be a type's key.* 25 at the most"),
        ({"key": "price_change"}, "a batch type with the key “price_change” is there already"),
        ({"key": "import"}, "a batch type with the key “import” is there already"),
        ({"key": "product"}, "Batchbook has a table called “product” already"),
        ({"key": "order"}, "“order” is a word of SQL"),
        ({"key": "layout"}, "“layout” is a part of an address"),
        ({"key": "points", "package": "Acme"}, "“Acme” cannot name a package"),
        ({"key": "points", "package": "json"}, "“json” cannot name a package"),
        ({"key": "points", "columns": ["x"]}, "Nothing was written: “x” is not of the form name:kind.$"),
        ({"key": "points", "header": ["x:y"]}, "Nothing was written: “y” is no kind of column"),
    ],
)
def test_what_cannot_be_a_type_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises((BadInput, Conflict), match=said) as refused:
        describe(**arguments)
    assert refused.value.message.startswith("Nothing was written: ")


def test_a_folder_or_a_package_that_is_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("Mine.")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(Conflict, match=r"is there already\. Choose another folder by --to"):
            write_package(describe("shelf_label"), place)
    with pytest.raises(Conflict, match="a package webtest is installed already"):
        write_package(describe("shelf_label", package="webtest"), tmp_path / "new")
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_left_of_a_package_that_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any, **_options: Any) -> None:
        raise Conflict("It could not be.")

    monkeypatch.setattr("batchbook.scaffold.write_migration", broken)
    path = [*sys.path]
    with pytest.raises(Conflict, match="It could not be"):
        write_package(describe("shelf_label"), tmp_path / "new")
    assert [*tmp_path.iterdir()] == []
    assert sys.path == path
