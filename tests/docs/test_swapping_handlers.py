"""The how-to of swapping a handler is true: its handler decides for commands, pages and the kit, on both databases."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Engine, update
from tests.functional.harness import (
    PRICE_LIST,
    CatalogueDatabase,
    counts_of,
    edit_price,
    form_to,
    number_in,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.testing.harness import application

from .howtos import HOWTO, as_pattern, files_of, sessions_of
from .test_import_targets import run

PAGE = (HOWTO / "swapping-handlers.md").read_text()
#: A product of the list, with a cost that is above its new price of 2.20.
DEAR, COST = "000000011", Decimal("2.50")


@cache
def acme_prices() -> ModuleType:
    """The module of the page, made once: applications with the same settings are the same one."""
    module = ModuleType("acme_prices")
    exec(compile(files_of(PAGE)["acme_prices.py"], "acme_prices.py", "exec"), vars(module))
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the files of the page."""
    for name, text in files_of(PAGE).items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The settings with the one of the page."""
    monkeypatch.setitem(sys.modules, "acme_prices", acme_prices())
    (line,) = re.findall(r"^(batchbook\.handler\.\w+) = (\S+)$", PAGE, re.MULTILINE)
    return settings | dict([line])


@pytest.fixture
def dear(catalogue: CatalogueDatabase, engine: Engine) -> CatalogueDatabase:
    """The catalogue, in which one product costs more than its new price."""
    with transaction_scope(engine) as session:
        session.execute(update(Product).where(Product.item_code == DEAR).values(cost=COST))
    return catalogue


def test_the_commands_print_what_the_page_shows(project: Path) -> None:
    shown = list(sessions_of(PAGE))
    assert len(shown) == 4
    _, *said = run(["batchbook -c acme.ini init", *(command for command, _ in shown)], project)
    for (command, output), printed in zip(shown, said, strict=True):
        assert re.fullmatch(as_pattern(output), printed.strip(), re.DOTALL), f"$ {command}\n{printed}"


def test_people_see_the_effect_on_pages(dear: CatalogueDatabase, staff: TestApp, admin: TestApp) -> None:
    batch = number_in(upload(staff, PRICE_LIST, vendor_code="V1"))
    page = staff.get(url_of(batch))
    assert (counts_of(page)["Below cost"], counts_of(page)["Increase"]) == (1, 1)
    assert "The product costs more than that." in text_of(page)
    edit_price(staff, dear, batch, 1, "2.60")
    assert counts_of(staff.get(url_of(batch)))["Below cost"] == 0
    edit_price(staff, dear, batch, 1, "2.49")
    form_to(staff.get(url_of(batch)), "/complete").submit(status=303)
    assert re.search(r"Left out:[^.]* 1 below cost\.", text_of(admin.get(url_of(batch)), "#execution"))
    form_to(admin.get(url_of(batch)), "/execute").submit(status=303)
    prices = dear.prices()
    assert (prices[DEAR], prices["000000021"]) == (Decimal("2.00"), Decimal("8.00"))


def test_without_the_setting_the_shipped_handler_goes_on(
    dear: CatalogueDatabase,
    staff: TestApp,
    admin: TestApp,
    settings: dict[str, str],
    login: Callable[[TestApp, str], TestApp],
) -> None:
    executed, still_open = (number_in(upload(staff, PRICE_LIST, vendor_code="V1")) for _ in range(2))
    form_to(staff.get(url_of(executed)), "/complete").submit(status=303)
    form_to(admin.get(url_of(executed)), "/execute").submit(status=303)
    plain = {name: value for name, value in settings.items() if not name.startswith("batchbook.handler.")}
    with application(plain) as app:
        browser = login(TestApp(app, extra_environ={"REMOTE_ADDR": "127.0.0.1"}), "staff")
        assert "below_cost" in text_of(browser.get(url_of(executed)))
        assert dear.row(still_open, 1).status == "below_cost"
        form_to(browser.get(url_of(still_open)), "/refresh").submit(status=303)
        assert dear.row(still_open, 1).status == "increase"


def test_the_tests_of_the_page_pass_on_both_databases(project: Path) -> None:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("BATCHBOOK_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-k", "below_the_cost or happens_once", "."],
        cwd=project, env=inherited | {"PYTHONPATH": str(project)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    passed = re.findall(r"^PASSED .*::(\w+)\[(\w+)", done.stdout, re.MULTILINE)
    assert {backend for name, backend in passed if "below_the_cost" in name} == {"sqlite", "postgresql"}
