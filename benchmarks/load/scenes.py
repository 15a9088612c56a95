"""The scenes of a load: two hundred people who edit for a while, and twenty who edit while a large batch is executed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from types import SimpleNamespace
from typing import Any

import sqlalchemy
from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from batchbook.batches import Batch
from batchbook.db import utc_now
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, User, WebSession
from batchbook.security.sessions import NAME, session_hash
from batchbook.security.settings import SecuritySettings
from batchbook.security.view_rules import SessionCSRFPolicy
from batchbook.services import services_of
from benchmarks.budget import Budget
from benchmarks.databases import DatabaseServer
from benchmarks.inputs import IMPORT, PRICE_LIST, Inputs, import_lines, price_list_lines, write_csv
from benchmarks.load.servers import Servers, serving
from benchmarks.load.staff import Answers, Connection, Person, work_together
from benchmarks.pages import signed_in
from benchmarks.works.product import Product, application

#: The people of each scene, and how many of them import.
STAFF, EDITORS, IMPORTING = 200, 20, 5
#: How many batches they share, the rows of each person in one, and those of an import.
_BATCHES, _ROWS, _IMPORTED = 10, 40, 300
#: The seconds before anything is counted: templates are loaded, statements compiled; and what a scene takes besides.
_WARM, _BESIDE = 6.0, 30.0
#: The longest that an execution may take, in seconds, and for each row besides.
_LONGEST, _A_ROW = 60.0, 0.0005


@dataclass(frozen=True)
class LoadFigures:
    """What was measured of one scene, a ``kind``: requests, their seconds, errors, and the bytes of all server processes.

    ``rows`` are those of the batch that was executed meanwhile, 0 if none was. ``examples`` are the first errors.
    """

    kind: str
    name: str
    database: str
    rows: int
    requests: int
    per_second: float
    p50: float
    p95: float
    longest: float
    errors: int
    memory_start: int
    memory_end: int
    p95_by_kind: dict[str, float]
    examples: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return asdict(self) | {"memory_growth": self.memory_end - self.memory_start}


def load_figures(
    server: DatabaseServer, folder: Path, inputs: Inputs, seconds: float, budget: Budget
) -> Iterator[LoadFigures]:
    """Yield the figures of staff who work for so many ``seconds``, and of editors while a batch of ``inputs`` is executed."""
    if not budget.allows(seconds + _BESIDE, f"{server.name}, {STAFF} staff"):
        return
    url = server.fresh("load")
    try:
        scene = _Scene(server.name, url, folder)
        with serving(url, folder) as servers:
            yield scene.staff(servers, seconds)
            if budget.allows(
                inputs.rows * _A_ROW / 4, f"{server.name}, edits while {inputs.rows:,} rows are executed"
            ):
                yield scene.execution(servers, inputs)
        scene.close()
    finally:
        server.drop(url)


class _Scene:
    """A database with batches and people, each signed in."""

    def __init__(self, database: str, url: URL, folder: Path) -> None:
        self._database, self._url = database, url
        self._product = Product("price_change", url)
        self._client = signed_in(url)
        path = folder / "load.csv"
        write_csv(path, PRICE_LIST, price_list_lines(_ROWS * STAFF // _BATCHES))
        batches = [self._product.take_in(path) for _ in range(_BATCHES)]
        table = write_csv(folder / "load-import.csv", IMPORT, import_lines(_IMPORTED)).read_bytes()
        self._people = self._hire(batches, table)

    def staff(self, servers: Servers, seconds: float) -> LoadFigures:
        """Have all staff work, and count after a while."""
        answers, memory = Answers(), [0]

        async def scene() -> None:
            start = monotonic()
            everybody = asyncio.create_task(
                work_together(
                    self._people, servers.ports, answers, lambda: monotonic() > start + _WARM + seconds
                )
            )
            await asyncio.sleep(_WARM)
            memory[0] = servers.memory
            answers.seconds.clear()
            await everybody

        asyncio.run(scene())
        name = f"{STAFF} staff, {IMPORTING} of them importing"
        return self._figures("staff", name, 0, answers, seconds, memory[0], servers.memory)

    def execution(self, servers: Servers, inputs: Inputs) -> LoadFigures:
        """Have a batch executed by a job, and some of the staff edit until that has ended."""
        self._product.populate_csv(inputs)
        self._product.complete()
        fields = self._execute_form()
        memory, answers = servers.memory, Answers()
        start = monotonic()
        end = start + _LONGEST + inputs.rows * _A_ROW

        async def scene() -> None:
            executor = Connection(servers.ports[0], self._people[0])
            status, body = await executor.post(self._address + "/execute", fields)
            executor.close()
            if status != 303:
                raise RuntimeError(f"The batch was not executed: {status} {body[:500]!r}")
            await asyncio.gather(
                work_together(self._people[-EDITORS:], servers.ports, answers, executed.is_set),
                until_executed(),
            )

        executed = asyncio.Event()

        async def until_executed() -> None:
            while monotonic() < end and await asyncio.to_thread(self._state) != "executed":
                await asyncio.sleep(0.5)
            executed.set()

        asyncio.run(scene())
        if self._state() != "executed":
            answers.errors.append(f"The batch was not executed within {monotonic() - start:.0f} s.")
        name = f"{EDITORS} editors while {inputs.rows:,} rows are executed"
        return self._figures(
            "execution", name, inputs.rows, answers, monotonic() - start, memory, servers.memory
        )

    def close(self) -> None:
        """Let go of the database."""
        self._product.close()

    @property
    def _address(self) -> str:
        return f"/batches/price-change/{self._product.batch}"

    def _execute_form(self) -> list[tuple[str, str]]:
        """Return the fields of the form that executes the batch, confirmed, with the token of the one who sends it."""
        page = self._client.get(f"{self._address}?view=default", status=200)
        form = next(form for form in page.forms.values() if form.action.endswith("/execute"))
        for confirm in form.fields.get("confirm", ()):
            confirm.checked = True
        given = [(name, value) for name, value in form.submit_fields() if name != "csrf_token"]
        return [*given, ("csrf_token", self._people[0].token)]

    def _state(self) -> str:
        engine = make_engine(self._url)
        try:
            with transaction_scope(engine, read_only=True) as session:
                return str(session.scalar(select(Batch.state).where(Batch.id == self._product.batch)))
        finally:
            engine.dispose()

    def _hire(self, batches: Sequence[int], table: bytes) -> list[Person]:
        """Return the staff, each with a user and a session, and the rows that nobody else edits."""
        services = services_of(application(self._url).registry)
        settings = services.get(SecuritySettings)
        people = []
        with transaction_scope(services.get(sqlalchemy.Engine)) as session:
            admin = session.scalars(select(Role).where(Role.name == "admin")).one()
            users = [
                User(name=f"staff{number}", full_name="", password_hash="", roles=[admin])
                for number in range(STAFF)
            ]
            session.add_all(users)
            session.flush()  # Sessions refer to users.
            for number, user in enumerate(users):
                first = number // len(batches) * _ROWS + 1
                cookie, token = open_session(session, settings, user.id)
                people.append(
                    Person(
                        cookie,
                        token,
                        f"/batches/price-change/{batches[number % len(batches)]}",
                        range(first, first + _ROWS),
                        table if number < IMPORTING else b"",
                    )
                )
        return people

    def _figures(
        self, kind: str, name: str, rows: int, answers: Answers, seconds: float, *memory: int
    ) -> LoadFigures:
        found = answers.all or [0.0, 0.0]
        return LoadFigures(
            kind=kind,
            name=name,
            database=self._database,
            rows=rows,
            requests=len(answers.all),
            per_second=len(answers.all) / seconds,
            p50=median(found),
            p95=_p95(found),
            longest=max(found),
            errors=len(answers.errors),
            memory_start=memory[0],
            memory_end=memory[1],
            p95_by_kind={kind: _p95(times) for kind, times in answers.seconds.items()},
            examples=answers.errors[:5],
        )


def open_session(session: Session, settings: SecuritySettings, user_id: int) -> tuple[str, str]:
    """Open a session, as signing in does, without hashing a password for each; return its cookie and the CSRF token."""
    number, now = f"known.{secrets.token_urlsafe(32)}", utc_now()
    session.add(
        WebSession(
            id=session_hash(number),
            user_id=user_id,
            created_at=now,
            expires_at=now + timedelta(hours=2),
            address="127.0.0.1",
        )
    )
    (_, header), *_ = settings.cookie(NAME).get_headers(number)
    visitor: Any = SimpleNamespace(session_cookie=SimpleNamespace(id=number))
    token = SessionCSRFPolicy(settings.secret).get_csrf_token(visitor)
    return header.split(";")[0], token


def _p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
