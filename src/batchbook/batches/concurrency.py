"""Concurrency tokens: the state that a page showed, sent back with a form and compared before anything is changed.

Headers and rows have a version, a whole number that grows with each change. The state of several of them together, such
as the rows that a filter selects, is a :data:`Token`: a short text that differs as soon as one of them changes.
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

#: The hidden form fields with a version and a token.
VERSION_FIELD, TOKEN_FIELD = "version", "seen"

#: The prefix of the hidden form fields with the texts of fields when the form was opened.
SEEN_PREFIX = "seen."

#: A short text for the state of several headers or rows; equal states have equal tokens.
Token = NewType("Token", str)

_TOKEN = re.compile(r"[0-9a-f]{1,32}(-[0-9]{1,24}){0,2}")
_DIGEST_LENGTH = 32


class StaleEdit(Conflict):
    """The refusal of an edit because the row or header has changed since it was displayed; nothing was stored.

    ``mine`` and ``theirs`` are the submitted and the current texts by field; ``version`` is the current version, with
    which the edit can be submitted again. ``author`` is the user who made the other change, if that is known;
    ``is_own`` tells that it is the same user, in another tab or window.
    """

    def __init__(
        self,
        name: str,
        mine: Mapping[str, str],
        theirs: Mapping[str, str],
        version: int,
        author: str | None = None,
        *,
        is_own: bool = False,
    ) -> None:
        by = "you in another tab or window" if is_own else author or "another user"
        #: The sentence about the other change.
        self.event = f"{name} was changed by {by} while you were editing it{' here' if is_own else ''}."
        super().__init__(f"{self.event} Your change was not stored. Both values are shown: choose one.")
        self.name = name
        self.mine = dict(mine)
        self.theirs = dict(theirs)
        self.version = version


def read_version(params: Mapping[str, Any]) -> int:
    """Return the version in a submitted form; raise ``BadInput`` if there is none."""
    text = params.get(VERSION_FIELD, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput(
            "The form does not say which version of the batch or row it was made from, so nothing was changed."
            " Reload the page, and submit the form again."
        )
    return int(text)


def read_seen_texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts, by field, that a submitted form had when it was opened; empty if it does not tell."""
    return {
        name.removeprefix(SEEN_PREFIX): str(text).replace("\r\n", "\n")
        for name, text in params.items()
        if name.startswith(SEEN_PREFIX)
    }


def next_row_version(version: Any, now: datetime) -> dict[str, Any]:
    """Return the values, by column, that give a row the version after ``version``, which may be an SQL expression."""
    return {"version": version + 1, "modified_at": now}


def is_stale(seen: int | None, now: int) -> bool:
    """Return whether the version ``seen`` differs from the one ``now``; ``None`` skips the check."""
    return seen is not None and seen != now


def refuse_stale(batch: Batch, action: Action, seen: int | None, *, scheduled: bool = False) -> None:
    """Raise ``Conflict`` if ``batch`` no longer has the version that was ``seen`` when ``action`` was requested.

    ``scheduled`` means that the request was made earlier, for this time.
    """
    if not is_stale(seen, batch.version):
        return
    if scheduled:
        raise Conflict(
            f"{batch} was not {action.done} at its scheduled time, because it was changed after it had been scheduled."
            " Check the batch, then decide."
        )
    raise Conflict(
        f"{batch} was changed since you opened its page, so it was not {action.done}."
        " Look at it again, then decide."
    )


def token_of(*parts: Any) -> Token:
    """Return the token for a state: ``parts`` joined if all are whole numbers, else a digest of these JSON values."""
    if all(isinstance(part, int) for part in parts):
        return Token("-".join(map(str, parts)))
    state = json.dumps(parts, sort_keys=True)
    return Token(hashlib.sha256(state.encode()).hexdigest()[:_DIGEST_LENGTH])


def read_token(params: Mapping[str, Any], refusal: str) -> Token:
    """Return the token in a submitted form; raise ``BadInput`` with the sentence ``refusal`` if there is none."""
    text = params.get(TOKEN_FIELD, "")
    if not _TOKEN.fullmatch(text):
        raise BadInput(refusal)
    return Token(text)


def refuse_changed(seen: Token | None, now: Token, refusal: str) -> None:
    """Raise ``Conflict`` with the sentence ``refusal`` if the token ``seen`` differs from the one ``now``."""
    if seen is not None and seen != now:
        raise Conflict(refusal)
