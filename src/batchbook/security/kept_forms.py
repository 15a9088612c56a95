"""Forms that could not be accepted because their sender was signed out: kept over the sign-in, and sent again after it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from batchbook.grid import label_of

#: The field of the sign-in form with the form that is kept.
KEPT_FIELD = "kept"
#: The number of bytes that the sign-in form takes beside the form that it keeps.
SIGN_IN_BYTES = 8_000
#: The number of characters of a kept field that are shown.
SHOWN = 2_000

#: The hidden field that says that a form has no password in it; without it, a form is not kept.
_KEEP = "may_be_kept"
_PASSWORD = re.compile(r"""\btype\s*=\s*["']?password\b""", re.I)

#: Fields of the form itself rather than of its sender; the token is replaced, because it changes at sign-in.
_OWN = frozenset({"csrf_token", "form_key", "version", "do", "query", "seen", "count", "token", _KEEP})
_OWN_PREFIXES = ("_", "seen.")

# One slash, but not two; browsers treat a backslash as a slash, and drop tabs and line breaks. Headers are ASCII, and
# paths encode all other characters.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")


def local_path(text: str, default: str = "/") -> str:
    """Return ``text`` if it is a path (with query) of this site, or else ``default``."""
    return text if _LOCAL.fullmatch(text) else default


def keep_input(content: str, user_name: str) -> Markup:
    """Return the hidden field that allows a form with the HTML ``content`` to be kept for the user called ``user_name``.

    Nothing if a password is typed into it.
    """
    if _PASSWORD.search(content):
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(_KEEP, user_name)


@dataclass(frozen=True)
class KeptForm:
    """A form that was not accepted: the ``url`` it was sent to, its ``fields`` without the token, and the names of its file fields."""

    url: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: Any) -> KeptForm | None:
        """Return the form that ``request`` posted, from a page of this site; ``None`` if a password was typed into it.

        A sign-in that kept a form already still keeps that one.
        """
        # Browsers say where a form comes from. One that is not known to come from here must not be a click away.
        if urlsplit(request.headers.get("Origin", "")).netloc != urlsplit(request.host_url).netloc:
            return None
        if KEPT_FIELD in request.POST:
            return cls.read(request.POST[KEPT_FIELD])
        fields, files = _parted(request.POST.items())
        return cls(request.path_qs, tuple(fields), tuple(files)) if _KEEP in request.POST else None

    @classmethod
    def read(cls, text: str) -> KeptForm | None:
        """Return the form from its ``text``, which came back with the sign-in; ``None`` for anything but a form of this site."""
        try:
            url, fields, files = json.loads(text)
            kept = cls(
                str(url), tuple((str(name), str(value)) for name, value in fields), tuple(map(str, files))
            )
        except (ValueError, TypeError, RecursionError):
            return None
        return kept if local_path(kept.url, "") else None

    def is_of(self, user_name: str) -> bool:
        """Return whether the user called ``user_name`` has filled in the form, or nobody who was signed in."""
        return dict(self.fields).get(_KEEP, "") in ("", user_name)

    @property
    def text(self) -> str:
        """The form as the value of a hidden field."""
        return json.dumps([self.url, self.fields, self.files], ensure_ascii=False)

    @property
    def size(self) -> int:
        """The number of bytes that it takes to send the form: its texts, and about so much around each."""
        return len(self.text.encode()) + 40 * len(self.fields)

    @property
    def typed(self) -> list[tuple[str, str]]:
        """The label of each field that a person may have filled in, and the beginning of its value."""
        return [
            (
                label_of(name),
                value if len(value) <= SHOWN else f"{value[:SHOWN]}… ({len(value):,} characters)",
            )
            for name, value in self.fields
            if value and name not in _OWN and not name.startswith(_OWN_PREFIXES)
        ]


@dataclass(frozen=True)
class NotKept:
    """The ``reason`` for which a form could not be kept, in whole sentences."""

    reason: str


def _parted(items: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[str]]:
    fields: list[tuple[str, str]] = []
    files: list[str] = []
    for name, value in items:
        if getattr(value, "filename", ""):  # An uploaded file, which a page cannot send again.
            files.append(name)
        elif name != "csrf_token":
            fields.append((name, str(value)))
    return fields, files
