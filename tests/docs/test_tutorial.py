"""The tutorial is true: its files make a package, its commands say what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: Silences the hints of pip; the kit runs in full elsewhere.
QUIET = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "BATCHBOOK_CONFORMANCE": "quick",
}

#: A command, and what it prints.
Session = tuple[str, str]


def blocks() -> Iterator[tuple[str, str, str]]:
    """Yield language, title and text of the fenced blocks."""
    yield from _BLOCK.findall(TUTORIAL.read_text())


def files() -> dict[str, str]:
    return {title: text for _, title, text in blocks() if title}


def sessions() -> list[Session]:
    found: list[Session] = []
    for language, _, text in blocks():
        if language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                found.append((command, output))
    return found


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of a virtual environment that has what this one has, and whatever is added."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    # The line is run, so that what is installed in editable mode is found as well.
    packages.joinpath("ours.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    )
    programs = place / "bin"
    for name, module in (("pip", "pip"), ("batchbook", "batchbook.cli")):
        program = programs / name
        code = (
            f"from {module} import main; raise SystemExit(main())"
            if name == "batchbook"
            else f"import runpy; runpy.run_module({module!r}, run_name='__main__')"
        )
        program.write_text(f"#!{programs / 'python'}\n{code}\n")
        program.chmod(0o755)
    return programs


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all files of the tutorial."""
    place = tmp_path_factory.mktemp("acme-discontinue")
    for name, text in files().items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return place


def run(command: str, project: Path, programs: Path) -> str:
    """Run a command of the tutorial and return all that it prints."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BATCHBOOK_", "PYTEST_", "PYTHON"))
    }
    done = subprocess.run(
        shlex.split(command),
        cwd=project, env=inherited | QUIET | {"PATH": f"{programs}:{inherited['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip
    return done.stdout


def as_pattern(output: str) -> str:
    """Return the pattern of what is shown: … stands for anything."""
    return ".*".join(re.escape(part) for part in output.strip().split("…"))


def test_every_command_prints_what_the_tutorial_shows(project: Path, environment: Path) -> None:
    shown = sessions()
    assert len(shown) > 8
    for command, output in shown:
        printed = run(command, project, environment).replace("\r\n", "\n").lstrip("\ufeff").strip()
        assert re.fullmatch(as_pattern(output), printed, re.DOTALL), (
            f"$ {command}\n{printed}\n\ninstead of\n{output}"
        )
        assert " failed" not in printed


def test_what_is_shown_must_be_printed() -> None:
    assert re.fullmatch(as_pattern("a … (b)"), "a 1 (b)")
    assert not re.fullmatch(as_pattern("a (b)"), "a b")


def test_the_tutorial_uses_what_authors_may_use() -> None:
    sources = "\n".join(text for name, text in files().items() if name.startswith("src/"))
    public = {"batchbook", "batchbook.batches", "batchbook.catalog.models"}
    assert set(re.findall(r"^from (batchbook[\w.]*) import", sources, re.MULTILINE)) == public
