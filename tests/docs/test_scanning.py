"""The how-to on scanning is true: texts mean what it says, its commands print what they show, and its handler is right."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.functional.harness import CatalogueDatabase

from batchbook.batches.scans import read_scan
from batchbook.cli import main
from batchbook.errors import BadInput
from batchbook.types.inventory_count.models import InventoryCount, InventoryCountRow

from .howtos import HOWTO, as_pattern, files_of, sessions_of

PAGE = (HOWTO / "scanning.md").read_text()
INI = """
[app:main]
use = egg:batchbook
sqlalchemy.url = {url}
batchbook.development = true
batchbook.jobs = inline
"""
#: What the texts of the table mean: the quantity, and a spelling that is among the candidates; none for what is refused.
MEANT: dict[str, tuple[str, str] | None] = {
    "036000291452": ("1", "0036000291452"),
    "3*036000291452": ("3", "036000291452"),
    "-1*036000291452": ("-1", "036000291452"),
    "1,000*036000291452": None,
    "04252614": ("1", "042100005264"),
    "]E04006381333931": ("1", "4006381333931"),
    "(01)04006381333931(30)12": ("12", "4006381333931"),
    "212345712993": ("1", "12345"),
}


@pytest.fixture
def backend() -> str:
    """What commands say is the same on every database."""
    return "sqlite"


def test_the_texts_of_the_table_mean_what_it_says() -> None:
    assert set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)) == {*MEANT}
    for text, meant in MEANT.items():
        if meant is None:
            with pytest.raises(BadInput):
                read_scan(text, {})
            continue
        scan = read_scan(text, {})
        assert (str(scan.quantity), scan.problem) == (meant[0], None)
        assert meant[1] in scan.candidates
    assert {"036000291452", "36000291452"} <= {*read_scan("03600029145", {}).candidates}
    assert str(read_scan("212345712993", {}).price) == "12.99"


def test_the_commands_print_what_the_page_shows(
    catalogue: CatalogueDatabase,
    users: Any,
    settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, content in files_of(PAGE).items():
        (tmp_path / name).write_text(content)
    ini = tmp_path / "batchbook.ini"
    ini.write_text(INI.format(url=settings["sqlalchemy.url"]))
    monkeypatch.setenv("BATCHBOOK_INI", str(ini))
    sessions = list(sessions_of(PAGE))
    assert len(sessions) == 4
    for command, output in sessions:
        words, _, file = command.partition(" < ")
        stdin = (tmp_path / file).read_text() if file else ""
        printed = CliRunner().invoke(main, shlex.split(words)[1:], input=stdin)
        assert re.fullmatch(as_pattern(output), printed.output.strip(), re.DOTALL), printed.output


def test_the_handler_declares_what_works() -> None:
    (block,) = [text for name, text in files_of(PAGE).items() if name == "handler.py"]
    names: dict[str, Any] = {"ShelfCount": InventoryCount, "ShelfCountRow": InventoryCountRow}
    exec(block, names)
    names["ShelfHandler"].quick_entry.check("ShelfHandler.quick_entry", InventoryCountRow)
