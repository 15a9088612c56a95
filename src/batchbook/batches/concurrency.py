"""Concurrency tokens: the state that a person was shown, sent along with a request and compared before anything changes.

A header and a row have a version, a whole number that grows with every change. The state of several things together, such
as the rows that a filter selects, is a :data:`Token`: a short text that differs as soon as any of them does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NewType

from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.errors import BadInput, Conflict

#: The hidden fields of forms that carry a version and a token.
VERSION_FIELD, TOKEN_FIELD = "version", "seen"

#: A short text for the state of several things: equal for equal states.
Token = NewType("Token", str)

_TOKEN = re.compile(r"[0-9a-f]{1,32}(-[0-9]{1,24}){0,2}")
_DIGEST_LENGTH = 32


class StaleEdit(Conflict):
    """An edit of something that somebody else changed since the editor saw it; nothing was stored.

    ``mine`` and ``theirs`` have, by field, the text that the editor wanted and the text that is there now; ``version``
    is the one to send along to insist.
    """

    def __init__(self, name: str, mine: Mapping[str, str], theirs: Mapping[str, str], version: int) -> None:
        super().__init__(
            f"{name} was changed by somebody else while you were editing it. Your change was not stored;"
            " both values are shown, choose one."
        )
        self.mine = dict(mine)
        self.theirs = dict(theirs)
        self.version = version


def read_version(params: Mapping[str, Any]) -> int:
    """Return the version that a posted form carries; raise ``BadInput`` if it carries none."""
    text = params.get(VERSION_FIELD, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput(
            "What was sent does not say which version of the batch or row you saw, so nothing was changed."
            " Open the page again, and send the form from there."
        )
    return int(text)


def bump_version(batch: Batch) -> None:
    """Give a header its next version, so that what was decided on an older page is refused."""
    batch.version += 1


def next_row_version(version: Any, now: datetime) -> dict[str, Any]:
    """Return the values, by column, that make a row newer than its ``version``, which may be an SQL expression."""
    return {"version": version + 1, "modified_at": now}


def is_stale(seen: int | None, now: int) -> bool:
    """Return whether a version that was ``seen``, ``None`` by who did not look, is another one ``now``."""
    return seen is not None and seen != now


def refuse_stale(batch: Batch, action: Action, seen: int | None, *, scheduled: bool = False) -> None:
    """Raise ``Conflict`` if ``batch`` is no longer at the version that was ``seen`` by who requested ``action``.

    ``scheduled`` tells that the request was made for a later time, which is now.
    """
    if not is_stale(seen, batch.version):
        return
    if scheduled:
        raise Conflict(
            f"{batch} was not {action.done} at its time: it was changed after that was planned."
            " Look at it again, then decide."
        )
    raise Conflict(
        f"{batch} was changed since you opened its page, so it was not {action.done}."
        " Look at it again, then decide."
    )


def token_of(*parts: Any) -> Token:
    """Return the token of a state: whole numbers joined as they are, or the digest of ``parts`` (JSON values)."""
    if all(isinstance(part, int) for part in parts):
        return Token("-".join(map(str, parts)))
    state = json.dumps(parts, sort_keys=True)
    return Token(hashlib.sha256(state.encode()).hexdigest()[:_DIGEST_LENGTH])


def read_token(params: Mapping[str, Any], refusal: str) -> Token:
    """Return the token that a posted form carries; raise ``BadInput`` with the sentence ``refusal`` if it carries none."""
    text = params.get(TOKEN_FIELD, "")
    if not _TOKEN.fullmatch(text):
        raise BadInput(refusal)
    return Token(text)


def refuse_changed(seen: Token | None, now: Token, refusal: str) -> None:
    """Raise ``Conflict`` with the sentence ``refusal`` if the token that was ``seen`` is another one ``now``."""
    if seen is not None and seen != now:
        raise Conflict(refusal)
