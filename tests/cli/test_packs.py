"""``batchbook pack``: the file, the permissions, and the refusals."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine
from tests.batches.attacked import make_batches

from batchbook.testing.databases import Fill

Run = Callable[..., Result]


@pytest.fixture
def fill(fill: tuple[Fill, ...]) -> tuple[Fill, ...]:
    return (*fill, make_batches)


@pytest.mark.usefixtures("users")
def test_the_pack_of_a_batch_is_written_and_verifies(batchbook: Run, tmp_path: Path) -> None:
    file = tmp_path / "pack.zip"
    done = batchbook("pack", 1, "--to", file, "--as", "auditor", "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.output)
    assert facts["batches"] == [1]
    assert facts["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "pack")
        assert json.loads(archive.read("pack.json"))["written_by"] == "auditor"
    command = [sys.executable, "-I", "-S", tmp_path / "pack" / "verify.py"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_cannot_be_packed(batchbook: Run, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "pack.zip"
    refusals: tuple[tuple[tuple[Any, ...], str], ...] = (
        ((2, "--as", "auditor"), "the role of auditor does not allow that"),
        ((1, 2, "--as", "admin"), "Batch 00000002 is not executed yet, so there is no pack of it."),
        ((9, "--as", "auditor"), "There is no batch 00000009"),
        ((1, "--as", "nobody"), "There is no user called “nobody”"),
    )
    for arguments, words in refusals:
        refused = batchbook("pack", *arguments, "--to", file)
        assert refused.exit_code == 1, arguments
        assert words in refused.stderr
    assert not file.exists()
