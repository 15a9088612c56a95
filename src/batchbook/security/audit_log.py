"""The audit log of security: a row of the table ``audit_log`` for each event, and the same as a line of the log.

The lines go to the logger ``batchbook.security``. No event has a password in it.

A change is recorded in the transaction that makes it, so that the one is never committed without the other. Whatever must
outlive the request, such as a refused attempt, or must wait for nobody, such as a sign-in, is written aside: in a transaction
of its own, on SQLite into the side file, from which :func:`collect_pending` moves it to the table as soon as nobody writes.
"""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from getpass import getuser
from typing import Any

import sqlalchemy.event
from sqlalchemy import Engine, Table, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.transactions import (
    SIDE_FILE_ENGINE,
    WaitingLimit,
    acted_by,
    is_busy,
    make_session,
    transaction_scope,
)
from batchbook.errors import Busy
from batchbook.security.models import AuditEntry, PendingAuditEntry
from batchbook.services import Services
from batchbook.words import storable

_LOG = logging.getLogger("batchbook.security")

#: The maximum length of a target in a line of the log, and in the table.
_LONGEST, _LONGEST_STORED = 80, 200
#: The number of pending events that are moved at a time.
_AT_A_TIME = 500
#: The kinds of targets that most events have.
USER, ROLE, BATCH, PAGE = "user", "role", "batch", "page"
FILE, SETTING, VIEW = "file", "setting", "saved view"

#: The events of data that left the application, and of an attempt that was refused.
EXPORTED, DOWNLOADED, REFUSED = "exported", "downloaded", "refused"

_Entry = dict[str, Any]


def record_event(request: Any, event: str, target: str, detail: str = "", kind: str = USER) -> None:
    """Record that ``event`` happened to ``target``, whatever becomes of the request; the line is logged at once.

    ``kind`` is that of the target. The target is quoted in the log, since a stranger may have typed it. The entry is written when
    the request has ended: requests that held a connection while they waited for another one could take them all.
    """
    log_event(request, event, target, detail)
    entry = _entry_of(request, event, kind, target, detail)
    request.add_finished_callback(lambda ended: _write_aside(ended.services.get(Engine), entry))
    _collect_afterwards(request)


def log_event(request: Any, event: str, target: str, detail: str = "") -> None:
    """Log the line of an event without an entry, for what a stranger could do without end."""
    _LOG.info("%s", _line(request, event, target, detail))


def record_change(
    request: Any, event: str, target: str, detail: str = "", kind: str = USER, **facts: Any
) -> None:
    """Record, in the request's transaction, that ``event`` happened to ``target``; the line is logged once it is committed.

    A change that is rolled back leaves nothing, and one that is tried again leaves one entry. ``facts`` are kept beside the
    ``detail`` in the table.
    """
    _add(request.db, _entry_of(request, event, kind, target, detail, facts))
    line = _line(request, event, target, detail)
    _after_commit(request, lambda: _LOG.info("%s", line))


def record_session(request: Any, event: str, target: str) -> None:
    """Record ``event``, which happened to a session, such as a sign-in, once the request's transaction is committed.

    Unlike :func:`record_change` it needs no write lock of the database, for which a sign-in would wait.
    """
    line, entry = _line(request, event, target, ""), _entry_of(request, event, USER, target)

    def write() -> None:
        _LOG.info("%s", line)
        _write_aside(request.services.get(Engine), entry)

    _after_commit(request, write)
    _collect_afterwards(request)


def record_action(
    session: Session, actor: str, event: str, target: str, detail: str = "", kind: str = BATCH, **facts: Any
) -> None:
    """Record, in the transaction of ``session``, that ``actor`` did ``event`` to ``target``, in a job, a command or a page."""
    entry = _entry(event, kind, target, detail, facts)
    _add(session, entry | {"actor": actor, "acted_by": acted_by(session)})
    _log_after_commit(session, f"{event}: {_short(target)} by {_short(actor)}", detail)


def record_command(
    session: Session, event: str, target: str, detail: str = "", kind: str = USER, actor: str | None = None
) -> None:
    """Record, in the transaction of ``session``, that ``event`` happened to ``target`` by a command of the system's user.

    ``actor`` is the user on whose behalf it acted, if there is one.
    """
    by = _system_user()
    entry = _entry(event, kind, target, detail, {"system_user": by})
    _add(session, entry | {"actor": actor, "acted_by": "command"})
    words = f"{event}: {_short(target)} by the system's user {_short(by)} on the command line"
    _log_after_commit(session, words, detail)


def record_file_command(engine: Engine, event: str, target: str, detail: str, actor: str | None) -> None:
    """Record that a command, which only reads, gave the data of ``target`` to ``actor``, or to the system's user."""
    by = _system_user()
    entry = _entry(event, FILE, target, detail, {"system_user": by})
    words = f"{event}: {_short(target)} by the system's user {_short(by)} on the command line"
    _LOG.info("%s", f"{words} ({detail})")
    _write_aside(engine, entry | {"actor": actor, "acted_by": "command"})
    collect_pending(engine)


def collect_pending(engine: Engine) -> None:
    """Move events that were written aside into the table, unless somebody else is writing just now."""
    if engine.get_execution_options().get(SIDE_FILE_ENGINE) is None:
        return
    entries = _pending(engine)
    if not entries:
        return
    keys = [entry["key"] for entry in entries]
    try:
        with make_session(engine, waiting=WaitingLimit(1, seconds=0)) as session, session.begin():
            # A process that ended here before has moved some, and not deleted them yet.
            moved = set(session.scalars(select(AuditEntry.key).where(AuditEntry.key.in_(keys))))
            missing = [entry for entry in entries if entry["key"] not in moved]
            if missing:
                session.execute(insert(AuditEntry), missing)
    except (SQLAlchemyError, Busy) as error:
        if not is_busy(error):  # The event itself has happened; the log has it.
            _LOG.exception("The audit log could not be written; what is pending stays pending.")
        return
    with transaction_scope(engine) as session:
        session.execute(delete(PendingAuditEntry).where(PendingAuditEntry.key.in_(keys)))


def _pending(engine: Engine) -> list[_Entry]:
    names = [column.key for column in _table(PendingAuditEntry).columns if column.key != "id"]
    columns = [getattr(PendingAuditEntry, name) for name in names]
    with make_session(engine, read_only=True) as session:
        found = session.execute(select(*columns).order_by(PendingAuditEntry.id).limit(_AT_A_TIME))
        return [dict(row) for row in found.mappings()]


def collect_all(services: Services) -> None:
    """Do what :func:`collect_pending` does, as the upkeep of processes that run jobs."""
    collect_pending(services.get(Engine))


#: Settings that are never recorded.
_SECRET = re.compile(r"secret|password|token|url", re.IGNORECASE)
_SETTINGS_EVENT = "settings changed"


def record_settings(services: Services) -> None:
    """Record which settings differ from those of the last start, without those that may be secret.

    Every process that runs jobs, and the server, does so when it starts.
    """
    now = {
        name: str(value).strip()
        for name, value in services.settings.items()
        if name.startswith("batchbook.") and not _SECRET.search(name)
    }
    latest = select(AuditEntry.detail).where(AuditEntry.event == _SETTINGS_EVENT)
    engine = services.get(Engine)
    with transaction_scope(engine, read_only=True) as session:
        last = session.scalar(latest.order_by(AuditEntry.id.desc()).limit(1))
    before = (last or {}).get("settings", {})
    changed = sorted(name for name in {*now, *before} if now.get(name) != before.get(name))
    if changed:
        facts = {"settings": now, "changed": {name: [before.get(name), now.get(name)] for name in changed}}
        _LOG.info("%s: %s", _SETTINGS_EVENT, ", ".join(changed))
        _write_aside(engine, _entry(_SETTINGS_EVENT, SETTING, "start", ", ".join(changed), facts))
        collect_pending(engine)


# --- Entries ---


def _entry(
    event: str, kind: str, target: str, detail: str, facts: Mapping[str, Any], at: datetime | None = None
) -> _Entry:
    texts = {"text": storable(detail)} if detail else {}
    return {
        "key": uuid.uuid4().hex,
        "at": at or utc_now(),
        "event": event,
        "target_kind": kind,
        "target": storable(target)[:_LONGEST_STORED],
        "detail": {**texts, **facts} or None,
        "actor": None,
        "acted_by": None,
        "address": None,
        "request_id": None,
    }


def _entry_of(
    request: Any, event: str, kind: str, target: str, detail: str = "", facts: Mapping[str, Any] | None = None
) -> _Entry:
    return _entry(event, kind, target, detail, facts or {}) | {
        "actor": request.identity.name if request.identity else None,
        "address": (request.remote_addr or "")[:45] or None,
        "request_id": getattr(request, "request_id", None),
    }


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _add(session: Session, entry: _Entry) -> None:
    session.execute(insert(AuditEntry).values(entry))


def _write_aside(engine: Engine, entry: _Entry) -> None:
    on_sqlite = engine.get_execution_options().get(SIDE_FILE_ENGINE) is not None
    try:
        with transaction_scope(engine) as session:
            session.execute(insert(PendingAuditEntry if on_sqlite else AuditEntry).values(entry))
    except SQLAlchemyError:
        # The event itself must not fail, nor its refusal; the log has it.
        _LOG.exception(
            "The audit log could not be written: %s of %s", entry["event"], _short(entry["target"])
        )


def _log_after_commit(session: Session, words: str, detail: str) -> None:
    line = words + (f" ({detail})" if detail else "")
    sqlalchemy.event.listen(session, "after_commit", lambda _session: _LOG.info("%s", line), once=True)


def _after_commit(request: Any, write: Any) -> None:
    request.tm.get().addAfterCommitHook(lambda committed: write() if committed else None)


def _collect_afterwards(request: Any) -> None:
    # The request may hold the write lock until it ends.
    request.add_finished_callback(lambda ended: collect_pending(ended.services.get(Engine)))


# --- Lines ---


def _system_user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # In a container, the user may have no name.
        return f"number {os.getuid()}"


def _line(request: Any, event: str, target: str, detail: str) -> str:
    actor = request.identity.name if request.identity else "nobody"
    request_id = getattr(request, "request_id", "-")
    line = f"{event}: {_short(target)} by {_short(actor)} from {_short(request.remote_addr or '')}"
    return f"{line}, request {request_id}" + (f" ({detail})" if detail else "")


def _short(text: str) -> str:
    # Quoted, so that a line break in a name cannot start a new line in the log.
    return ascii(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
