"""SQLite's write lock is held for long, as by a job: who reads, signs in or signs out goes on, and who writes is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import Engine, event, select
from tests.browser.serving import serving
from webtest import TestApp

from batchbook.db.transactions import WaitingLimit, transaction_scope
from batchbook.security.models import User
from batchbook.security.passwords import needs_rehash
from batchbook.services import services_of

SQLITE = pytest.mark.parametrize("backend", ["sqlite"])
Login = Callable[[TestApp, str], TestApp]


def _token(browser: TestApp) -> str:
    return str(browser.get("/account").forms[0]["csrf_token"].value)


class _Person:
    """Somebody who is signed in as in ``browser``, on connections of their own to the server."""

    def __init__(self, browser: TestApp, address: str) -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        self.token = _token(browser)
        self._headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        self._host = urlsplit(address).netloc

    def send(self, method: str, path: str, body: str | None = None) -> tuple[HTTPResponse, str]:
        connection = HTTPConnection(self._host, timeout=60)
        connection.request(method, path, body, self._headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    def write(self) -> tuple[HTTPResponse, str]:
        fields = {"timezone": "Europe/Berlin", "csrf_token": self.token}
        return self.send("POST", "/account/timezone", urlencode(fields))


@SQLITE
def test_reading_goes_on_though_more_want_to_write_than_there_are_threads(
    app: Any, staff: TestApp, monkeypatch: pytest.MonkeyPatch, write_lock: sqlite3.Connection
) -> None:
    services_of(app.registry).add(WaitingLimit, WaitingLimit(3, seconds=60))
    with serving(app, threads=4) as address, ThreadPoolExecutor(20) as pool:
        person = _Person(staff, address)
        writes = [pool.submit(person.write) for _ in range(20)]
        assert next(as_completed(writes)).result()[0].status == 503  # So the others wait, as many as may.
        reads = [
            person.send("GET", path)[0].status for path in ("/account", "/products", "/health", "/ready")
        ]
        still_waiting = [write for write in writes if not write.done()]
        write_lock.execute("ROLLBACK")
        answers = [write.result(timeout=60) for write in writes]
    assert reads == [200, 200, 200, 200]
    assert len(still_waiting) >= 3
    kept = [answer for answer, _ in answers if answer.status == 303]
    told = [(answer, text) for answer, text in answers if answer.status == 503]
    assert len(kept) >= 3
    assert len(kept) + len(told) == 20
    assert told
    for answer, text in told:
        assert answer.headers["Retry-After"] == "5"
        assert "Nothing was changed" in text


@SQLITE
def test_who_waited_in_vain_is_told_so_after_one_attempt(
    app: Any, engine: Engine, staff: TestApp, monkeypatch: pytest.MonkeyPatch, write_lock: sqlite3.Connection
) -> None:
    services_of(app.registry).add(WaitingLimit, WaitingLimit(3, seconds=0.05))
    failed: list[object] = []
    event.listen(services_of(app.registry).get(Engine), "handle_error", failed.append)
    form = {"timezone": "Europe/Berlin", "csrf_token": _token(staff)}
    page = staff.post("/account/timezone", form, status=503)
    assert "what you typed stays where you typed it" in page.text
    assert page.headers["Retry-After"] == "5"
    answer = staff.post("/account/timezone", form, headers={"Accept": "application/json"}, status=503)
    assert "Nothing was changed" in answer.json["error"]
    assert len(failed) == 2
    write_lock.execute("ROLLBACK")
    staff.post("/account/timezone", form, status=303)


@SQLITE
def test_people_sign_in_and_out_meanwhile(
    app: Any, staff: TestApp, login: Login, monkeypatch: pytest.MonkeyPatch, write_lock: sqlite3.Connection
) -> None:
    # Whoever waited would be told so.
    services_of(app.registry).add(WaitingLimit, WaitingLimit(3, seconds=0))
    assert write_lock.in_transaction
    browser = TestApp(app, extra_environ={"REMOTE_ADDR": "10.0.0.1"})
    form = browser.get("/login").forms[0]
    form["name"], form["password"] = "auditor", "wrong"
    form.submit(status=400)
    login(browser, "auditor")
    assert "Auditor Person" in browser.get("/account").text
    copy = TestApp(app)
    copy.set_cookie("batchbook_session", browser.cookies["batchbook_session"])
    assert copy.get("/account").status_int == 200
    browser.post("/logout", {"csrf_token": _token(browser)}, status=303)
    assert copy.get("/account").status_int == 303
    elsewhere = login(TestApp(app), "staff")
    staff.post("/account/sessions", {"csrf_token": _token(staff)}, status=303)
    assert elsewhere.get("/account").status_int == 303


@SQLITE
def test_attempts_to_sign_in_are_counted_meanwhile(
    app: Any, users: dict[str, str], write_lock: sqlite3.Connection
) -> None:
    assert users
    assert write_lock.in_transaction
    statuses = []
    for _ in range(11):
        form = TestApp(app, extra_environ={"REMOTE_ADDR": "10.0.0.1"}).get("/login").forms[0]
        form["name"], form["password"] = "auditor", "wrong"
        statuses.append(form.submit(status="*").status_int)
    assert statuses == [400] * 10 + [429]


@SQLITE
def test_an_old_hash_is_no_reason_to_wait(
    app: Any, engine: Engine, users: dict[str, str], login: Login, slow_hashes: None, database_url: Any
) -> None:
    """Hashes of the tests are weaker than those of today, so that signing in would make them anew."""
    other = sqlite3.connect(database_url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert login(TestApp(app), "auditor").get("/account").status_int == 200
    other.execute("ROLLBACK")
    other.close()
    wanted = select(User.password_hash).where(User.name == "auditor")
    with transaction_scope(engine, read_only=True) as db:
        assert needs_rehash(db.scalar(wanted) or "")
    login(TestApp(app), "auditor")
    with transaction_scope(engine, read_only=True) as db:
        assert not needs_rehash(db.scalar(wanted) or "")


@SQLITE
def test_the_file_of_sessions_is_its_owners_only_and_may_be_lost(
    app: Any, staff: TestApp, login: Login, database_url: Any
) -> None:
    path = Path(database_url.database).with_name("batchbook.sessions.sqlite3")
    for file in path.parent.glob(f"{path.name}*"):
        assert file.stat().st_mode & 0o777 == 0o600
    services_of(app.registry).get(Engine).dispose()
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    assert staff.get("/account").status_int == 303
    login(staff, "staff")
    assert staff.get("/account").status_int == 200
