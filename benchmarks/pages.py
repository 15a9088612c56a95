"""What the page of a batch costs at two numbers of rows, asked for over and over, through the whole application."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from sqlalchemy import URL, Engine, select
from webtest import TestApp

import batchbook
from batchbook.db.transactions import transaction_scope
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User
from batchbook.security.passwords import hash_password
from batchbook.services import services_of
from benchmarks.counting import count_on, counted
from benchmarks.data import make_input
from benchmarks.databases import DatabaseServer
from benchmarks.ours import Ours

_PASSWORD = "benchmarks only"
#: The pages measured: what each is called, and the end of its address. A batch that was just populated has two operations.
_QUERIES = {
    "first page": "?view=default",
    "one status": "?f.status.equal=decrease",
    "last page": "?page=999999",
    "no changes by others": "/rows/changed?since=2",
}


@dataclass(frozen=True)
class PageCost:
    """The seconds (median) and statements of one page, for each number of rows."""

    page: str
    seconds: list[float]
    statements: list[int]


def page_costs(server: DatabaseServer, sizes: tuple[int, ...], rounds: int) -> list[PageCost]:
    """Measure the page of a batch of each of ``sizes`` rows, in turn, ``rounds`` times."""
    url = server.fresh()
    try:
        batches = _batches(url, sizes)
        client = signed_in(url)
        costs = [
            _cost(client, name, [f"{b}{query}" for b in batches], rounds) for name, query in _QUERIES.items()
        ]
        services_of(client.app.registry).get(Engine).dispose()
        return costs
    finally:
        server.drop(url)


def _batches(url: URL, sizes: tuple[int, ...]) -> list[str]:
    runner = Ours(url)
    addresses = []
    with TemporaryDirectory() as folder:
        for rows in sizes:
            runner.populate_file(make_input(Path(folder), rows).price_list)
            addresses.append(f"/batches/price-change/{runner.batch_id}")
    add_admin(runner.engine)
    runner.close()
    return addresses


def add_admin(engine: Engine) -> None:
    """Add the user as whom pages are asked for."""
    with transaction_scope(engine) as session:
        install_default_roles(session)
        role = session.scalars(select(Role).where(Role.name == "admin")).one()
        session.add(User(name="admin", full_name="", password_hash=hash_password(_PASSWORD), roles=[role]))


def signed_in(url: URL) -> TestApp:
    """Return a client of the application on a database, signed in as the user that :func:`add_admin` added."""
    settings = {
        "sqlalchemy.url": url.render_as_string(hide_password=False),
        "batchbook.development": "true",
        "batchbook.secure_cookies": "false",
        "batchbook.jobs": "inline",
    }
    app = batchbook.main({}, **settings)
    count_on(services_of(app.registry).get(Engine))
    client = TestApp(app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    page = client.get("/login")
    form: Any = next(form for form in page.forms.values() if "password" in form.fields)
    form["name"], form["password"] = "admin", _PASSWORD
    form.submit(status=303)
    return client


def _cost(client: TestApp, name: str, addresses: list[str], rounds: int) -> PageCost:
    statements = []
    for address in addresses:
        client.get(address, status=200)  # The first time loads templates.
        with counted() as number:
            client.get(address, status=200)
        statements.extend(number)
    times: list[list[float]] = [[] for _ in addresses]
    for _ in range(rounds):
        for server, address in enumerate(addresses):
            start = perf_counter()
            client.get(address, status=200)
            times[server].append(perf_counter() - start)
    return PageCost(name, [median(found) for found in times], statements)


def measured(client: TestApp, address: str, rounds: int) -> float:
    """Return the seconds (median) that ``address`` takes."""
    client.get(address, status=200)
    times = []
    for _ in range(rounds):
        start = perf_counter()
        client.get(address, status=200)
        times.append(perf_counter() - start)
    return median(times)
