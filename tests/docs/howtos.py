"""What how-tos show: files, and commands with what they print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(page: str) -> dict[str, str]:
    """Return the files that a page shows, by name."""
    return {title: text for _, title, text in _BLOCK.findall(page) if title}


def sessions_of(page: str) -> Iterator[tuple[str, str]]:
    """Yield the commands that a page shows, each with what it prints."""
    for language, _, text in _BLOCK.findall(page):
        if language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                yield command, output.strip()


def as_pattern(output: str) -> str:
    """Return the pattern of what is shown: … stands for anything."""
    return ".*".join(re.escape(part) for part in output.split("…"))


def sql_of(page: str) -> list[list[str]]:
    """Return the blocks of SQL that a page shows, each as its statements."""
    blocks = [text for language, _, text in _BLOCK.findall(page) if language == "sql"]
    return [[part.strip() for part in block.split(";\n") if part.strip()] for block in blocks]
