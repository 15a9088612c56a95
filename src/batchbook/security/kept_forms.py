"""Forms that could not be accepted because their sender was signed out: kept over the sign-in, and sent again after it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

from markupsafe import Markup

from batchbook.grid import label_of

#: The limit in characters for a kept form as it is sent with the sign-in; visitors may send little more.
LONGEST = 50_000

#: The hidden field that says that a form has no password in it; without it, a form is not kept.
_KEEP = "may_be_kept"
_PASSWORD = re.compile(r"""\btype\s*=\s*["']?password\b""", re.I)

#: Fields of the form itself rather than of its sender; the token is replaced, because it changes at sign-in.
_OWN = frozenset({"csrf_token", "form_key", "version", "do", "query", "seen", "count", "token", _KEEP})
_OWN_PREFIXES = ("_", "seen.")


def keep_input(content: str) -> Markup:
    """Return the hidden field that allows a form with the HTML ``content`` to be kept; nothing if a password is typed into it."""
    if _PASSWORD.search(content):
        return Markup()
    return Markup('<input type="hidden" name="{}" value="yes">').format(_KEEP)


@dataclass(frozen=True)
class KeptForm:
    """A form that was not accepted: the ``url`` it was sent to, its ``fields`` without the token, and the names of its file fields."""

    url: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: Any) -> KeptForm | None:
        """Return the form that ``request`` posted, from a page of this site; ``None`` if it has a password or is too long to keep."""
        # Browsers say where a form comes from. One that is not known to come from here must not be a click away.
        if urlsplit(request.headers.get("Origin", "")).netloc != urlsplit(request.host_url).netloc:
            return None
        fields, files = _parted(request.POST.items())
        kept = cls(request.path_qs, tuple(fields), tuple(files))
        return kept if _KEEP in request.POST and len(quote_plus(kept.text)) <= LONGEST else None

    @classmethod
    def read(cls, text: str) -> KeptForm | None:
        """Return the form from its ``text``, which came back with the sign-in; ``None`` for anything else."""
        try:
            url, fields, files = json.loads(text)
            kept = cls(
                str(url), tuple((str(name), str(value)) for name, value in fields), tuple(map(str, files))
            )
        except (ValueError, TypeError):
            return None
        return kept

    @property
    def text(self) -> str:
        """The form as the value of a hidden field."""
        return json.dumps([self.url, self.fields, self.files], ensure_ascii=False)

    @property
    def typed(self) -> list[tuple[str, str]]:
        """The label and the value of each field that a person may have filled in."""
        return [
            (label_of(name), value)
            for name, value in self.fields
            if value and name not in _OWN and not name.startswith(_OWN_PREFIXES)
        ]


def _parted(items: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[str]]:
    fields: list[tuple[str, str]] = []
    files: list[str] = []
    for name, value in items:
        if getattr(value, "filename", ""):  # An uploaded file, which a page cannot send again.
            files.append(name)
        elif name != "csrf_token":
            fields.append((name, str(value)))
    return fields, files
