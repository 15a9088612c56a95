"""The command line, run in this process against a settings file and a database of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL

from batchbook.cli import main

INI = """
[app:main]
use = egg:batchbook
sqlalchemy.url = {url}
batchbook.development = true
batchbook.demo = {demo}
batchbook.jobs = {jobs}

[server:main]
use = egg:waitress#main
listen = localhost:0
"""


@pytest.fixture
def command() -> Callable[..., Result]:
    """Runs the command with arguments; ``stdin`` is what it reads. A defect's exception is the test's to see."""

    def run(*arguments: object, stdin: str | bytes = "") -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def write_ini(tmp_path: Path) -> Callable[..., Path]:
    """Writes a settings file for a database, with demo data or without; actions run at once unless it says otherwise."""

    def write(url: URL, *, demo: bool = False, jobs: str = "inline") -> Path:
        ini = tmp_path / "batchbook.ini"
        text = url.render_as_string(hide_password=False).replace("%", "%%")
        ini.write_text(INI.format(url=text, demo=str(demo).lower(), jobs=jobs))
        return ini

    return write


@pytest.fixture
def batchbook(
    command: Callable[..., Result], database_url: URL, write_ini: Callable[..., Path]
) -> Callable[..., Result]:
    """Runs ``batchbook -c INI`` with arguments, on a migrated database; ``stdin`` is what it reads."""
    ini = write_ini(database_url)

    def run(*arguments: object, stdin: str | bytes = "") -> Result:
        return command("-c", ini, *arguments, stdin=stdin)

    return run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts ``batchbook`` as a process of its own; whatever is left of it is killed in the end."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: object) -> subprocess.Popen[str]:
        code = "from batchbook.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
