"""Idempotency keys of forms and of scripts' requests: what is sent twice does its work once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from markupsafe import Markup
from sqlalchemy import String, Text, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from batchbook.db import Base, JSONValue, utc_now
from batchbook.errors import Conflict
from batchbook.web.request import Request


class SentForm(Base):
    """A form that was sent and did its work: its unique key, a sentence about the work, and what a script was answered.

    ``bound_to`` is the digest of what the key is for; null for keys that were kept before they were bound to anything.
    """

    __tablename__ = "sent_form"

    key: Mapped[str] = mapped_column(String(43), primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(index=True)
    did: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONValue)
    bound_to: Mapped[str | None] = mapped_column(String(64))


class SentBefore(Conflict):
    """The refusal of what was sent before; ``answer`` is the first answer to a script, where that was kept."""

    def __init__(self, did: str, answer: Mapping[str, Any] | None) -> None:
        super().__init__(f"This form was sent before. {did} Nothing was done a second time.")
        self.answer = answer


class KeyUsed(Conflict):
    """The refusal of a key with which something else was sent before."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing was done, because this was sent with the key of something else that was done before. Reload the page, and send"
            " it again."
        )


class Remember(Protocol):
    """A function that keeps what a form did: a sentence, and the ``answer`` for a script that sends it again."""

    def __call__(self, did: str, answer: Mapping[str, Any] | None = None, /) -> None:
        """Keep it with the form's key."""


FORM_KEY = "form_key"
_KEY = re.compile(r"[A-Za-z0-9_-]{16,43}")

#: The time for which the key of a sent form is kept. Scans that wait in a browser are sent again after days off.
_KEPT = timedelta(days=15)


def idempotency_key_input(request: Request) -> Markup:
    """Return the hidden field with the form's key, which stays the same when the form is shown again with errors."""
    sent = request.POST.get(FORM_KEY, "") if request.method == "POST" else ""
    key = sent if _KEY.fullmatch(sent) else secrets.token_urlsafe(24)
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_KEY, key)


@contextmanager
def claim_key(request: Request, key: str | None = None, content: str = "") -> Iterator[Remember]:
    """Claim the key of the posted form, or the ``key`` of one of several works, which is done in the block.

    Yields a function to call with a sentence about the work that was done. Work and key are stored together: if the
    block raises, neither is kept, so the error can be caught and the form shown again. Raises
    :class:`SentBefore` for a form that was sent before. A post without a key is not checked.

    A key is bound to the request's path, and to the ``content`` of one of several works: for anything else, :class:`KeyUsed`
    is raised. The fields of a form are no part of that, because somebody may correct them after going back to it.
    """
    bound_to = sha256(f"{request.path}\n{content}".encode(errors="surrogatepass")).hexdigest()
    with request.db.begin_nested():
        yield _claimed(request.db, request.POST.get(FORM_KEY, "") if key is None else key, bound_to)


def _claimed(db: Session, key: str, bound_to: str) -> Remember:
    if not _KEY.fullmatch(key):
        return lambda _did, _answer=None, /: None
    form = _claim(db, key, bound_to)

    def remember(did: str, answer: Mapping[str, Any] | None = None, /) -> None:
        form.did, form.answer = did, None if answer is None else dict(answer)

    return remember


def _claim(db: Session, key: str, bound_to: str) -> SentForm:
    now = utc_now()
    _refuse_second_time(db, key, bound_to)
    form = SentForm(key=key, sent_at=now, did="", bound_to=bound_to)
    try:
        with db.begin_nested():
            db.add(form)
            db.flush()
    except IntegrityError:
        # The other request was committed while this one waited for it.
        _refuse_second_time(db, key, bound_to)
        raise
    db.execute(delete(SentForm).where(SentForm.sent_at < now - _KEPT))
    return form


def _refuse_second_time(db: Session, key: str, bound_to: str) -> None:
    wanted = select(SentForm.did, SentForm.answer, SentForm.bound_to).where(SentForm.key == key)
    sent = db.execute(wanted).one_or_none()
    if sent is None:
        return
    raise SentBefore(sent.did, sent.answer) if sent.bound_to in (None, bound_to) else KeyUsed()
