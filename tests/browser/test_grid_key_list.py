"""The list of keys: that of the scripts, and the table that says which test presses each."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from playwright.sync_api import Page

from .modules import static_files

HERE = Path(__file__).parent
_LINE = re.compile(r"^\| `([^`]+)` \| (\w+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)


def test_the_table_of_keys_is_that_of_the_grid_and_names_tests_that_exist(staff_page: Page) -> None:
    with static_files() as address:
        staff_page.goto(address)
        keys = staff_page.evaluate(
            "async () => (await import('/js/grid/keyboard.js')).KEYS.map(({ chord, command }) => [chord, command])"
        )
    lines = _LINE.findall((HERE / "keys.md").read_text())
    assert [[key, command] for key, command, _ in lines] == keys
    tests = {
        item.name
        for file in HERE.glob("test_*.py")
        for item in ast.parse(file.read_text()).body
        if isinstance(item, ast.FunctionDef)
    }
    assert {named.strip() for _, _, named in lines} - tests == set()
