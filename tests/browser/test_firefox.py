"""The grid in Firefox: the same keys, edits and undo as in Chromium, where the other tests of this folder are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.harness import CatalogueDatabase, url_of

from .firefox import CONTROL, DOWN, ENTER, RIGHT, SHIFT, UP, Firefox, firefox
from .grid_page import stored

PROGRAMS = ("firefox-esr", "firefox")
FOCUS = "const cell = document.activeElement.closest('.cell'); return cell && `${cell.closest('tr').dataset.key} ${cell.dataset.field}`;"
TEXT = "return document.querySelector(`[data-key='${arguments[0]}'] > [data-field=new_price]`).textContent.trim() === arguments[1];"
ALL_SAVED = "return !document.querySelector('[data-save]');"


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firefox]:
    """A Firefox with an empty profile."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"neither {' nor '.join(PROGRAMS)} is installed, so the grid was not tried in it")
    monkeypatch.setenv("HOME", str(tmp_path))
    profile = tmp_path / "profile"
    profile.mkdir()
    with firefox(program, profile) as window:
        yield window


def test_prices_are_typed_filled_and_taken_back(
    window: Firefox, address: str, users: dict[str, str], catalogue: CatalogueDatabase, open_batch: int
) -> None:
    window.goto(f"{address}/login")
    for name, text in (("name", "staff"), ("password", users["staff"])):
        window.click(f"main [name={name}]")
        window.press(*text)
    window.press(ENTER)
    window.wait_for("return location.pathname === '/';")
    window.goto(address + url_of(open_batch))
    window.wait_for("return document.querySelector('row-grid[data-ready]') !== null;")
    window.click("[data-key='2'] > [data-field=old_price]")
    window.press(RIGHT, UP)
    assert window.run(FOCUS) == "1 new_price"
    window.press(*"2.35", ENTER)
    assert window.run(FOCUS) == "2 new_price"
    window.wait_for(TEXT, 1, "2.35")
    window.wait_for(ALL_SAVED)
    assert stored(catalogue, open_batch)[:3] == ["2.35", "8.00", "2.70"]
    window.press(UP)
    window.press(DOWN, DOWN, holding=SHIFT)
    window.press("d", holding=CONTROL)
    window.wait_for(TEXT, 3, "2.35")
    window.wait_for(ALL_SAVED)
    assert stored(catalogue, open_batch)[:3] == ["2.35"] * 3
    window.press("z", holding=CONTROL)
    window.wait_for(TEXT, 3, "2.70")
    assert stored(catalogue, open_batch)[:3] == ["2.35", "8.00", "2.70"]
    window.run("location.reload();")
    window.wait_for("return document.querySelector('row-grid[data-ready]') !== null;")
    assert all(window.run(TEXT, row, text) for row, text in ((1, "2.35"), (2, "8.00"), (3, "2.70")))
