"""The page on controls: each of them names tests that exist, or says that it is not Batchbook's."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "compliance.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))
ROWS = [
    line.strip("|").split("|")
    for line in TEXT.splitlines()
    if re.match(r"\| (?!rule|principle|duty)\S", line)
]


@cache
def names_in(path: str) -> set[str]:
    """Return the names of the tests in a file, those of classes included."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_"
    }


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_each_test_that_is_named_exists(path: str, name: str) -> None:
    assert (ROOT / path).is_file()
    assert not name or name in names_in(path)


def test_each_control_has_its_test_or_says_whose_it_is() -> None:
    assert len(ROWS) > 30
    for rule, promise, tests in ROWS:
        has_tests = bool(re.search(r"::\w+`", tests))
        assert has_tests or (tests.strip() == "none" and re.match(r" (Yours|Not provided)\.", promise)), rule


def test_the_rules_are_all_there() -> None:
    first = [rule.strip() for rule, _, _ in ROWS]
    for letter in "abcdefghijk":
        assert any(rule.startswith(f"({letter})") for rule in first), letter
    for rule in (
        *("11.50", "11.70", "11.100", "11.200", "Nachvollziehbarkeit", "Vollständigkeit", "Richtigkeit"),
        *("Zeitgerechtigkeit", "Ordnung", "Unveränderbarkeit", "Aufbewahrung"),
        *(f"Datenzugriff Z{number}" for number in (1, 2, 3)),
    ):
        assert any(one.startswith(rule) for one in first), rule
