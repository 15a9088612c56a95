"""The walks in ``docs/architecture.md`` are those that the application takes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text()


def _walks(text: str) -> dict[str, list[str]]:
    """Return the lines of each walk by its name."""
    found = re.findall(r"<!-- walk: (\w+) -->\n(.*?)<!-- end", text, re.DOTALL)
    return {name: re.findall(r"^1\. (.*)$", lines, re.MULTILINE) for name, lines in found}


def test_the_walks_are_traced_as_the_document_lists_them() -> None:
    """They are traced in a process of their own, in which nothing is known from other tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BATCHBOOK_")}
    command = [sys.executable, str(ROOT / "docs" / "walks.py"), "--print"]
    traced = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)
    walks = _walks(traced.stdout)
    assert set(walks) == {"edit", "execute", "upload"}
    assert all(walks.values())
    assert _walks(TEXT) == walks, "Run make structure."
