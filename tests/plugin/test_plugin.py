"""A third-party batch type: built and installed like any package, tested by its own tests with the kit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

PROJECT = Path(__file__).parent / "batchbook_stockcount"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the plug-in's project, so that nothing is left among the sources."""
    leave_out = shutil.ignore_patterns("__pycache__", "*.egg-info", ".pytest_cache")
    return shutil.copytree(PROJECT, tmp_path_factory.mktemp("plugin") / "project", ignore=leave_out)


@pytest.fixture(scope="module")
def installed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the plug-in is installed: a place of its own, away from its sources."""
    place = tmp_path_factory.mktemp("installed")
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--target", place, project,
    )  # fmt: skip
    return place


def run(*arguments: object, cwd: Path | None = None, **environment: str) -> str:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BATCHBOOK_"))
    }
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd, env=inherited | environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_plugin_passes_the_kit(project: Path, installed: Path) -> None:
    file, tests = project / "report.xml", project / "tests"
    run(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={file}", tests,
        cwd=tests, PYTHONPATH=str(installed),
    )  # fmt: skip
    report = ElementTree.parse(file).getroot()
    assert {str(found.get("message")) for found in report.iter("skipped")} == {
        "The type declares no records."
    }
    names = [str(case.get("name")) for case in report.iter("testcase")]
    for check in (
        "test_the_database_refuses_every_change",
        "test_migrations_lead_from_nothing_to_the_models",
    ):
        assert {f"{check}[sqlite]", f"{check}[postgresql]"} <= set(names)


PROGRAM = """
import sys
import batchbook
from batchbook import migrate, schema_version
from batchbook.db.engine import make_engine
from batchbook.services import services_of
from sqlalchemy import Engine

settings = {
    "sqlalchemy.url": f"sqlite:///{sys.argv[1]}/x.sqlite3",
    "batchbook.development": "true",
    "batchbook.include": "batchbook_stockcount",
    "batchbook.migrations": "batchbook_stockcount:migrations",
}
engine = make_engine(settings["sqlalchemy.url"])
migrate.upgrade(engine, schema_version.plugin_locations(settings))
print(schema_version.is_current(engine, schema_version.plugin_locations(settings)))
engine.dispose()
registry = batchbook.main({}, **settings).registry
found = registry.introspector.get("batch types", "stock_count")
print(found["handler"].__module__, sys.modules[found["handler"].__module__].__file__)
services_of(registry).get(Engine).dispose()
"""


def test_two_settings_bring_the_plugin_in(installed: Path, tmp_path: Path) -> None:
    printed = run(sys.executable, "-c", PROGRAM, tmp_path, PYTHONPATH=str(installed)).split()
    assert printed == [
        "True",
        "batchbook_stockcount.handler",
        str(installed / "batchbook_stockcount" / "handler.py"),
    ]
