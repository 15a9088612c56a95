"""A type that was written from the documentation alone: begun with ``batchbook type new``, in at most 60 lines of Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.test_types import type_table

PROJECT = Path(__file__).parent / "batchbook_reorderpoints"
PACKAGE = PROJECT / "src" / "batchbook_reorderpoints"
MOST_LINES = 60


def run(*arguments: object, cwd: Path, **environment: str) -> str:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BATCHBOOK_"))
    }
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd, env=inherited | environment, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, so that nothing is left among the sources."""
    leave_out = shutil.ignore_patterns("__pycache__", "*.egg-info", ".pytest_cache", "var")
    return shutil.copytree(PROJECT, tmp_path / "project", ignore=leave_out)


def test_it_takes_at_most_60_lines_besides_the_migration() -> None:
    """Lines count that are neither blank nor comments, also those of imports and docstrings, in every module of the package."""
    modules = {
        file.name: type_table.lines_of_code(file.read_text())
        for file in PACKAGE.rglob("*.py")
        if file.parent.name != "migrations"
    }
    assert set(modules) == {"__init__.py", "models.py", "handler.py"}
    assert sum(modules.values()) <= MOST_LINES, modules


def test_the_migration_is_what_the_command_writes(project: Path) -> None:
    """Without it, the same one is written from the models."""
    (migration,) = project.rglob("reorderpoints_0001.py")
    written = migration.read_text()
    migration.unlink()
    command = (sys.executable, "-c", "from batchbook.cli import main; main()")
    run(*command, "type", "migration", "--message", "Reorder points", cwd=project)
    assert migration.read_text() == written


def test_it_passes_the_kit_on_both_databases(project: Path) -> None:
    printed = run(
        sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "tests",
        cwd=project, PYTHONPATH=str(project / "src"),
    )  # fmt: skip
    for backend in ("sqlite", "postgresql"):
        passed = re.findall(rf"^PASSED .*::TestReorderPoints::(\w+)\[{backend}", printed, re.MULTILINE)
        assert {
            "test_the_database_refuses_every_change",
            "test_migrations_lead_from_nothing_to_the_models",
        } <= {*passed}
        assert len({*passed}) > 25
    assert "\nFAILED" not in printed
    skipped = {*re.findall(r"^SKIPPED \[\d+\] [^:]+:\d+: (.*)$", printed, re.MULTILINE)}
    assert skipped == {"The type declares no records.", "This type has no quick entry."}
