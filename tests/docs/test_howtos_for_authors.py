"""The how-tos for authors are true: what they change fits the package of the tutorial, which then does what they show."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .howtos import HOWTO, as_pattern, sessions_of
from .test_import_targets import run
from .test_tutorial import _BLOCK, TUTORIAL, changed

#: The parts of the tutorial that the package of the how-tos has: the type as it is begun, and what makes it one's own.
PARTS = ("Begin with a type that works", "Make it yours")


def apply(page: str, project: Path) -> list[Path]:
    """Write the files that ``page`` shows into ``project``, and make its changes; return the files."""
    files = []
    for language, title, text in _BLOCK.findall(page):
        if title:
            file = project / title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(changed(file.read_text(), text) if language == "diff" else text)
            files.append(file)
    return files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The package of the tutorial."""
    parts = dict(
        re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)
    )
    new = next(command for command, _ in sessions_of(parts[PARTS[0]]))
    run([new], tmp_path)
    (project,) = (place for place in tmp_path.iterdir() if place.is_dir())
    apply(parts[PARTS[1]], project)
    return project


@pytest.mark.parametrize("name", ["pages.md", "output-files.md"])
def test_a_how_to_does_what_it_shows(name: str, project: Path) -> None:
    page = (HOWTO / name).read_text()
    files = apply(page, project)
    assert len(files) > 1
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", project], capture_output=True, check=False
    )
    assert formatted.returncode == 0, formatted.stdout.decode()
    sessions = list(sessions_of(page))
    (tests,) = (command for command, _ in sessions if command.startswith("python -m pytest"))
    commands = [(command, output) for command, output in sessions if command != tests]
    said = run(["batchbook -c try.ini init", *(command for command, _ in commands)], project, project / "src")
    for (command, output), printed in zip(commands, said[1:], strict=True):
        plain = printed.replace("\r\n", "\n").lstrip("\ufeff").strip()
        assert re.fullmatch(as_pattern(output), plain, re.DOTALL), (
            f"$ {command}\n{plain}\n\ninstead of\n{output}"
        )
    (own,) = re.findall(r"^\+    def (test_\w+)\(", page, re.MULTILINE)
    _python, *arguments = shlex.split(tests)
    printed = python(project, *arguments, "-rA")
    for backend in ("sqlite", "postgresql"):
        assert f"PASSED tests/test_discontinue.py::TestDiscontinue::{own}[{backend}" in printed


def test_quick_mode_is_half_of_the_runs(project: Path) -> None:
    text = (HOWTO.parent / "reference" / "testing.md").read_text().replace("\n", " ")
    (told,) = re.findall(r"has (\d+) instead of (\d+), in less than half of the processor time", text)
    quick, full = (collected(project, **mode) for mode in ({"BATCHBOOK_CONFORMANCE": "quick"}, {}))
    assert (quick, full) == (int(told[0]), int(told[1]))
    assert 2 * quick <= full


def collected(project: Path, **environment: str) -> int:
    """Return the number of checks that pytest finds in the tests of ``project``."""
    printed = python(project, "-m", "pytest", "--quiet", "--collect-only", "tests", **environment)
    return int(re.findall(r"^(\d+) tests collected", printed, re.MULTILINE)[0])


def python(project: Path, *arguments: str, **environment: str) -> str:
    """Run Python in ``project``, and return what it prints; it must end well."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("BATCHBOOK_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, *arguments, "-p", "no:cacheprovider"], cwd=project,
        env=inherited | {"PYTHONPATH": str(project / "src")} | environment,
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
