"""The command line, run in this process against a settings file and a database of the test's own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Engine

from batchbook.catalog.loader import load
from batchbook.cli import main
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill

INI = """
[app:main]
use = egg:batchbook
sqlalchemy.url = {url}
batchbook.development = true
batchbook.demo = {demo}
batchbook.jobs = {jobs}

[server:main]
use = egg:waitress#main
listen = localhost:0
"""

CATALOGUE = """item_code,description,department,category,brand,size,vendor_code,price,on_hand
000000011,RYE BREAD,BAKERY,BREAD,MILL,500 G,V1,2.00,5
000000012,WHEAT BREAD,BAKERY,BREAD,MILL,500 G,V1,3.00,5
000000013,PRETZEL,BAKERY,SNACK,MILL,80 G,V1,0.50,50
000000099,MILK,DAIRY,MILK,COW,1 L,V2,1.10,9
"""

#: One row of each kind: increase, decrease, unchanged, not in the catalogue, invalid.
PRICE_LIST = """item_code,description,size,price
000000011,RYE BREAD,500 G,2.20
000000012,WHEAT BREAD,500 G,2.70
000000013,PRETZEL,80 G,0.50
000000014,=ROLL,60 G,0.40
000000099,MILK,1 L,cheap
"""


@pytest.fixture
def command() -> Callable[..., Result]:
    """Runs the command with arguments; ``stdin`` is what it reads. A defect's exception is the test's to see."""

    def run(*arguments: object, stdin: str | bytes = "") -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def write_ini(tmp_path: Path) -> Callable[..., Path]:
    """Writes a settings file for a database, with demo data or without; actions run at once unless it says otherwise."""

    def write(url: URL, *, demo: bool = False, jobs: str = "inline") -> Path:
        ini = tmp_path / "batchbook.ini"
        text = url.render_as_string(hide_password=False).replace("%", "%%")
        ini.write_text(INI.format(url=text, demo=str(demo).lower(), jobs=jobs))
        return ini

    return write


@pytest.fixture
def batchbook(
    command: Callable[..., Result], database_url: URL, write_ini: Callable[..., Path]
) -> Callable[..., Result]:
    """Runs ``batchbook -c INI`` with arguments, on a migrated database; ``stdin`` is what it reads."""
    ini = write_ini(database_url)

    def run(*arguments: object, stdin: str | bytes = "") -> Result:
        return command("-c", ini, *arguments, stdin=stdin)

    return run


def load_products(engine: Engine) -> None:
    """Load the products of ``CATALOGUE``."""
    with transaction_scope(engine) as session:
        load(session, "catalogue.csv", io.BytesIO(CATALOGUE.encode()), by="test")


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """The database has the products where the test takes ``catalogue``."""
    return (*fill, load_products) if "catalogue" in request.fixturenames else fill


@pytest.fixture
def catalogue(engine: Engine, users: dict[str, str]) -> Engine:
    """A database with users and products."""
    return engine


@pytest.fixture
def price_list(tmp_path: Path) -> Path:
    """A price list with one row of each kind."""
    path = tmp_path / "list.csv"
    path.write_text(PRICE_LIST)
    return path


@pytest.fixture
def batch(catalogue: Engine, batchbook: Callable[..., Result]) -> Callable[..., Result]:
    """Runs ``batchbook batch`` with arguments."""
    return lambda *arguments, **options: batchbook("batch", *arguments, **options)


@pytest.fixture
def swap_handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], None]:
    """Makes the class ``Handler`` of some code the handler of price changes, in a settings file."""

    def swap(ini: Path, code: str) -> None:
        # A name of its own for each test: applications with the same settings are the same one.
        name = f"swapped_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
        (tmp_path / f"{name}.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)
        setting = f"batchbook.handler.price_change = {name}:Handler"
        ini.write_text(ini.read_text().replace("[server:main]", f"{setting}\n\n[server:main]"))

    return swap


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts ``batchbook`` as a process of its own; whatever is left of it is killed in the end."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: object) -> subprocess.Popen[str]:
        code = "from batchbook.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
