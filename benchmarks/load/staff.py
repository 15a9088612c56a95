"""Simulated staff: each edits a cell every few seconds and looks at windows of rows, some import files.

Each has a connection of their own, waits for every answer, and does the next thing when its time has come.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlencode

#: The seconds between the edits of one person, and between the imports of one who imports.
EDIT_EVERY, IMPORT_EVERY = 3.0, 15.0
#: The rows of a window.
_WINDOW = 100


@dataclass
class Answers:
    """The answers that came: seconds and kind of each, and the first errors."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def note(self, kind: str, seconds: float, status: int, body: bytes) -> None:
        """Note one answer. A refusal because others are at work is an error, as any other one is."""
        self.seconds.setdefault(kind, []).append(seconds)
        if status not in (200, 303):
            self.errors.append(f"{kind}: {status} {body[:300].decode('utf-8', 'replace')}")

    @property
    def all(self) -> list[float]:
        """The seconds of all answers."""
        return [seconds for found in self.seconds.values() for seconds in found]


@dataclass(frozen=True)
class Person:
    """One member of staff: the cookie and token of their session, the batch they work on, and the rows that are theirs."""

    cookie: str
    token: str
    batch: str
    rows: Sequence[int]
    imports: bytes = b""


class Connection:
    """A connection to a server, which is kept open; it speaks as much HTTP as these servers do."""

    def __init__(self, port: int, person: Person) -> None:
        self._port, self._person = port, person
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a page."""
        return await self._ask("GET", path, "", b"")

    async def post(self, path: str, fields: dict[str, str] | Sequence[tuple[str, str]]) -> tuple[int, bytes]:
        """Send a form."""
        body = urlencode(fields).encode()
        return await self._ask("POST", path, "application/x-www-form-urlencoded", body)

    async def send_file(self, path: str, fields: dict[str, str], name: str, data: bytes) -> tuple[int, bytes]:
        """Send a form with a file in the field ``file``."""
        mark = secrets.token_hex(12)
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        ]
        parts.append(
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
        )
        body = "".join(parts).encode() + data + f"\r\n--{mark}--\r\n".encode()
        return await self._ask("POST", path, f"multipart/form-data; boundary={mark}", body)

    async def _ask(self, method: str, path: str, content_type: str, body: bytes) -> tuple[int, bytes]:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nCookie: {self._person.cookie}\r\n"
            f"X-CSRF-Token: {self._person.token}\r\nAccept: application/json, text/html\r\n"
        )
        if method == "POST":
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(head.encode() + b"\r\n" + body)
        await writer.drain()
        return await self._answer(reader)

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        status = int(lines[0].split(" ")[1])
        if "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            body = await _chunks(reader)
        else:
            body = await reader.read()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, body

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def work(person: Person, port: int, answers: Answers, start: float, end: Callable[[], bool]) -> None:
    """Work from ``start`` on, a moment of the monotonic clock, until ``end`` says so."""
    connection = Connection(port, person)
    next_edit = next_import = start
    number = 0
    try:
        while not end():
            await asyncio.sleep(max(next_edit - monotonic(), 0))
            if end():
                return
            next_edit += EDIT_EVERY
            await _edit_and_look(person, connection, answers, number)
            if person.imports and monotonic() >= next_import:
                next_import += IMPORT_EVERY
                await _noted("import", answers, lambda: _import(person, connection))
            number += 1
    finally:
        connection.close()


async def _edit_and_look(person: Person, connection: Connection, answers: Answers, number: int) -> None:
    place, turn = number % len(person.rows), number // len(person.rows)
    sequence = person.rows[place]
    # Rows are edited by one person only, so the version of each is known.
    fields = {"field": "new_price", "value": f"{number % 90 + 1}.{turn % 100:02d}", "version": str(turn + 1)}
    await _noted("edit", answers, lambda: connection.post(f"{person.batch}/rows/{sequence}/cell", fields))
    await asyncio.sleep(EDIT_EVERY / 2)
    window = f"{person.batch}/rows/window?first={max(sequence - _WINDOW // 2, 0)}&count={_WINDOW}"
    await _noted("window", answers, lambda: connection.get(window))


async def _import(person: Person, connection: Connection) -> tuple[int, bytes]:
    fields = {
        "csrf_token": person.token, "form_key": secrets.token_urlsafe(24), "target": "product", "mode": "create_update",
        "empty_cells": "keep", "unknown": "problem", "similar_keys": "ask",
    }  # fmt: skip
    return await connection.send_file(
        "/batches/import/new", fields, f"{secrets.token_hex(4)}.csv", person.imports
    )


async def _noted(kind: str, answers: Answers, ask: Callable[[], Awaitable[tuple[int, bytes]]]) -> None:
    start = monotonic()
    try:
        status, body = await ask()
    except (OSError, asyncio.IncompleteReadError, ValueError) as error:
        status, body = 0, json.dumps(repr(error)).encode()
    answers.note(kind, monotonic() - start, status, body)


async def work_together(
    people: Sequence[Person], ports: Sequence[int], answers: Answers, end: Callable[[], bool]
) -> None:
    """Have all ``people`` work at the same time, on the servers at ``ports`` in turn; they begin one after the other."""
    now = monotonic()
    await asyncio.gather(
        *(
            work(person, ports[number % len(ports)], answers, now + EDIT_EVERY * number / len(people), end)
            for number, person in enumerate(people)
        )
    )
