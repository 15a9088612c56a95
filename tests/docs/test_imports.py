"""The how-tos of imports are true: their lists are imported as they say, and their commands print what they show."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine
from tests.functional.harness import CatalogueDatabase, column_of, form_to, form_with, text_of
from webtest import TestApp, Upload

from batchbook.cli import foreground_job, main
from batchbook.demo import CATALOG

from .howtos import HOWTO, as_pattern, files_of, sessions_of

INI = """
[app:main]
use = egg:batchbook
sqlalchemy.url = {url}
batchbook.development = true
batchbook.jobs = inline
"""


@pytest.fixture
def backend() -> str:
    """What pages and commands say is the same on every database."""
    return "sqlite"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> str:
    """The how-to of imports, with its files in the current folder, and settings for its commands."""
    text = (HOWTO / "imports.md").read_text()
    for name, content in files_of(text).items():
        (tmp_path / name).write_text(content)
    ini = tmp_path / "batchbook.ini"
    ini.write_text(INI.format(url=settings["sqlalchemy.url"]))
    # A slow machine must not add lines about progress.
    monkeypatch.setattr(foreground_job, "_LINE_INTERVAL", float("inf"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATCHBOOK_INI", str(ini))
    return text


def run(command: str) -> str:
    """Run a command of the page in this process and return all that it prints."""
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output.replace("\r\n", "\n").lstrip("\ufeff").strip()


def in_the_browser(staff: TestApp, admin: TestApp, file: Path) -> None:
    """Do what the page says of the browser."""
    form = form_with(staff.get("/batches/import/new"), "file")
    form["file"], form["target"], form["sender"] = Upload(file.name, file.read_bytes()), "product", "Mill"
    page = form.submit(status=303).follow()
    assert "Check the file “may.csv”" in text_of(page)
    form = form_with(page, "header_row")
    assert form["left_out"].value == "8"
    page = form.submit("do", value="columns").follow()
    form = form_with(page, "column.item_code")
    assert (form["column.item_code"].value, form["column.department"].value) == ("0", "2")
    form["column.description"], form["column.price"], form["column.vendor"] = "1", "3", "constant"
    form["constant.vendor"] = "V0002"
    form.fields["carried"][4].checked = True
    page = form.submit("do", value="look").follow()
    assert "Pad with zeros to 9 digits" in text_of(page)
    form = form_with(page, "column.item_code")
    form["pad.item_code"], form["save_as"] = True, "Mill"
    page = form.submit("do", value="populate").follow()
    assert column_of(page, "Status") == ["Update", "Has problems", "Has problems", "Create", "Has problems"]
    problems = page.click("3 rows have problems")
    form = next(f for f in problems.forms.values() if "with" in f.fields and f["text"].value == "Sweets")
    form["with"] = "PASTRY"
    form_with(form.submit(), "seen").submit(status=303)
    form_to(staff.get("/batches/import/1"), "/complete").submit(status=303)
    form = form_to(admin.get("/batches/import/1"), "/execute")
    form["apply"] = "good"
    page = form.submit(status=303).follow()
    assert "Products: 2 updated, 1 created. 1 row went into batch 00000002." in text_of(page)


def test_a_list_is_imported_as_the_how_to_says(
    page: str, engine: Engine, staff: TestApp, admin: TestApp, tmp_path: Path
) -> None:
    CatalogueDatabase(engine).load(CATALOG)
    in_the_browser(staff, admin, tmp_path / "may.csv")
    shown = list(sessions_of(page))
    assert len(shown) > 10
    for command, output in shown:
        printed = run(command)
        assert re.fullmatch(as_pattern(output), printed, re.DOTALL), (
            f"$ {command}\n{printed}\n\ninstead of\n{output}"
        )
