"""Imports as people make them: a file is uploaded to a web server, and what follows is asked for until it is done."""

from __future__ import annotations

import http.client
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from benchmarks.load.scenes import open_session
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from batchbook.batches import Action
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.db.transactions import is_transient, transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.models import JobState
from batchbook.security.models import User
from batchbook.security.settings import SecuritySettings
from batchbook.services import Services
from soak.data import code
from soak.network.cluster import PORT

_HEADING = "item_code,description,size,price\n"
#: How long anybody waits for a web server before they ask another one, in seconds, and between two looks.
_PATIENCE, _PAUSE = 8.0, 0.05
#: The sentence about a form that was sent before, and the addresses of batches and of jobs.
_DONE_BEFORE = re.compile(r"Batch 0*(\d+) is going to be populated")
_BATCH, _JOB = re.compile(r"/batches/import/(\d+)"), re.compile(r"/jobs/(\d+)")


def table(number: int, rows: int) -> bytes:
    """Return a table of new products, which no other import has."""
    lines = (f"{code(number, row)},PRODUCT {row},{row % 9 + 1} KG,{1 + row % 7}.00\n" for row in range(rows))
    return "".join((_HEADING, *lines)).encode()


@dataclass
class Person:
    """Somebody who is signed in, and sends each form to another one of the ``servers`` if one does not answer."""

    servers: Sequence[str]
    cookie: str
    token: str
    unanswered: int = 0

    def upload(self, name: str, data: bytes, until: float) -> str:
        """Create the import of a file; return the address to which the server leads. It is one form, however often it is sent."""
        fields = {
            "csrf_token": self.token, "form_key": secrets.token_urlsafe(24), "target": "product", "mode": "create_update",
            "empty_cells": "keep", "unknown": "problem", "similar_keys": "ask",
        }  # fmt: skip
        mark = secrets.token_hex(12)
        body = "".join(_part(mark, key, value) for key, value in fields.items()).encode()
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv'
        body += f"--{mark}\r\n{head}\r\n\r\n".encode() + data + f"\r\n--{mark}--\r\n".encode()
        for server in self._turns(until):
            status, place, answer = self._post(server, mark, body)
            if status == 303:
                return place
            if status == 409 and (found := _DONE_BEFORE.search(answer.decode())):
                return f"/batches/import/{found[1]}"  # The answer to an earlier attempt was lost.
            assert status in (0, 500, 503), f"{name}: {status} {place} {answer[-1_000:]!r}"
            self.unanswered += 1
            time.sleep(_PAUSE)
        raise AssertionError(f"No server took {name} in time.")

    def _turns(self, until: float) -> Iterator[str]:
        turn = int(self.token[:4], 36) if self.token[:4].isalnum() else 0
        while time.monotonic() < until:
            yield self.servers[turn % len(self.servers)]
            turn += 1

    def _post(self, server: str, mark: str, body: bytes) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection(server, PORT, timeout=_PATIENCE)
        headers = {
            "Cookie": self.cookie,
            "X-CSRF-Token": self.token,
            "Content-Type": f"multipart/form-data; boundary={mark}",
        }
        try:
            connection.request("POST", "/batches/import/new", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, "", repr(error).encode()
        finally:
            connection.close()


def _part(mark: str, name: str, value: str) -> str:
    return f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def sign_in(services: Services, name: str, servers: Sequence[str]) -> Person:
    """Return the user called ``name``, with a session of their own."""
    with transaction_scope(services.get(sqlalchemy.Engine)) as session:
        user = session.scalars(select(User).where(User.name == name)).one()
        cookie, token = open_session(session, services.get(SecuritySettings), user.id)
    return Person(servers, cookie, token)


@dataclass
class Import:
    """One import of ``rows`` rows, from its file to its execution, by ``person``, at the latest ``until``."""

    services: Services
    person: Person
    number: int
    rows: int
    until: float
    batch_id: int = 0
    seconds: float = 0.0

    def run(self) -> None:
        """Lead the import to its end."""
        began = time.monotonic()
        name = f"soak-{self.number}.csv"
        self.batch_id = self._batch_at(self.person.upload(name, table(self.number, self.rows), self.until))
        self._followed("populate")
        self._submit(Action.COMPLETE)
        if self._submit(Action.EXECUTE):
            self._followed("execute")
        self.seconds = time.monotonic() - began

    def _batch_at(self, address: str) -> int:
        if found := _BATCH.search(address):
            return int(found[1])
        found = _JOB.search(address)
        assert found, address
        with transaction_scope(self.services.get(sqlalchemy.Engine), read_only=True) as session:
            return session.get_one(Job, int(found[1])).batch_id or 0

    def _submit(self, action: Action) -> bool:
        confirmed = {"confirm": "all"} if action is Action.EXECUTE else {}
        engine = self.services.get(sqlalchemy.Engine)
        while True:
            try:
                with transaction_scope(engine) as session:
                    call = ActionCall(self.batch_id, action, "admin", confirmed)
                    return self.services.get(Runner).submit(session, call).job_id is not None
            except DBAPIError as error:
                assert is_transient(error), error
                time.sleep(_PAUSE)

    def _followed(self, task: str) -> None:
        while True:
            job = self._job(task)
            assert time.monotonic() < self.until, (
                f"{task} of {self.batch_id} is {job and job.state} at the end"
            )
            if job is not None and job.has_ended:
                assert job.state == JobState.DONE, f"{job}: {job.state}, {job.message}"
                return
            time.sleep(_PAUSE)

    def _job(self, task: str) -> Any:
        with transaction_scope(self.services.get(sqlalchemy.Engine), read_only=True) as session:
            found = select(Job).where(Job.batch_id == self.batch_id, Job.task == task).order_by(Job.id.desc())
            return session.scalars(found.limit(1)).first()
