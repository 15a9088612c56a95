"""The how-to of import targets is true: its package is imported, migrated and used by the commands it shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from .howtos import HOWTO, as_pattern, files_of, sessions_of

#: Runs commands one after the other in a process of their own, since models stay where they were declared.
_DRIVER = """
import json, shlex, sys
from click.testing import CliRunner
from batchbook.cli import foreground_job, main

# A slow machine must not add lines about progress.
foreground_job._LINE_INTERVAL = float("inf")
said = []
for command in json.load(sys.stdin):
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    said.append(result.output)
json.dump(said, sys.stdout)
"""


def run(commands: list[str], place: Path, packages: Path | None = None) -> list[str]:
    """Run commands in the folder ``place``; return what each of them prints.

    The packages in ``packages``, by default in that folder, can be imported.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BATCHBOOK_")}
    done = subprocess.run(
        [sys.executable, "-c", _DRIVER], input=json.dumps(commands), cwd=place,
        env=inherited | {"PYTHONPATH": str(packages or place)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: list[str] = json.loads(done.stdout)
    return said


def test_the_package_of_the_how_to_works_as_it_says(tmp_path: Path) -> None:
    page = (HOWTO / "import-targets.md").read_text()
    for name, text in files_of(page).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shown = list(sessions_of(page))
    assert len(shown) > 8
    commands = ["batchbook -c shops.ini init", *(command for command, _ in shown)]
    _, *said = run(commands, tmp_path)
    for (command, output), printed in zip(shown, said, strict=True):
        plain = printed.replace("\r\n", "\n").lstrip("\ufeff").strip()
        assert re.fullmatch(as_pattern(output), plain, re.DOTALL), (
            f"$ {command}\n{plain}\n\ninstead of\n{output}"
        )
