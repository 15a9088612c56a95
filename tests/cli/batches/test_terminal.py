"""What comes from files and people cannot take over the terminal on which it is printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

#: Sets the title of the window; then red.
NAME = "a\x1b]0;owned\x07\x1b[31m\x9b1mlist.csv"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def hostile(price_list: Path, tmp_path: Path) -> Path:
    """The price list, by a name full of control characters."""
    path = tmp_path / NAME
    path.write_bytes(price_list.read_bytes())
    return path


def assert_harmless(text: str) -> None:
    assert all(character.isprintable() or character == "\n" for character in text), text


def test_names_and_descriptions_in_what_is_printed(batch: Run, hostile: Path, tmp_path: Path) -> None:
    arguments = ("--file", hostile, "--description", "red \x1b[31m\x07\nalert", "--as", "staff")
    assert batch("create", "price_change", *arguments).exit_code == 0
    copied = batch("download", 1, "--output", tmp_path / f"copy of {NAME}")
    assert "list.csv" in copied.stdout
    assert (tmp_path / f"copy of {NAME}").read_bytes() == hostile.read_bytes()
    for result in (copied, batch("list"), batch("show", 1), batch("history", 1)):
        assert result.exit_code == 0
        assert_harmless(result.stdout)
    assert len(batch("list").stdout.splitlines()) == 1


def test_what_a_refusal_quotes(batch: Run, hostile: Path, opened: str) -> None:
    hostile.write_text("")
    for refused in (
        batch("create", "price_change", "--file", hostile, "--as", "staff"),
        batch("set", opened, 1, "new_price", NAME, "--as", "staff"),
        batch("rows", opened, "--status", NAME),
    ):
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "list.csv" in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert_harmless(refused.stderr)
