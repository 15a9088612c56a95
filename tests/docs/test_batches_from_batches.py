"""The how-to of batches that are made of others is true: its package is imported, migrated and used by the commands it shows."""

from __future__ import annotations

import re
from pathlib import Path

from .howtos import HOWTO, as_pattern, files_of, sessions_of
from .test_import_targets import run


def test_the_package_of_the_how_to_works_as_it_says(tmp_path: Path) -> None:
    page = (HOWTO / "batches-from-batches.md").read_text()
    for name, text in files_of(page).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shown = list(sessions_of(page))
    assert len(shown) > 8
    _, *said = run(["batchbook -c season.ini init", *(command for command, _ in shown)], tmp_path)
    for (command, output), printed in zip(shown, said, strict=True):
        plain = printed.replace("\r\n", "\n").lstrip("\ufeff").strip()
        assert re.fullmatch(as_pattern(output), plain, re.DOTALL), (
            f"$ {command}\n{plain}\n\ninstead of\n{output}"
        )
