"""Forms that could not be accepted because their sender was signed out: kept over the sign-in, and sent again after it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

from batchbook.grid import label_of

#: The limit in characters for a kept form as it is sent with the sign-in; visitors may send little more.
LONGEST = 50_000

#: Fields of the form itself rather than of its sender; the token is replaced, because it changes at sign-in.
_OWN = frozenset({"csrf_token", "form_key", "version", "do", "query", "seen", "count", "token"})
# The names of the fields made by ``password_field``.
_PASSWORDS = frozenset({"password", "present", "new", "again"})


@dataclass(frozen=True)
class KeptForm:
    """A form that was not accepted: the ``url`` it was sent to, its ``fields`` without the token, and the names of its file fields."""

    url: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: Any) -> KeptForm | None:
        """Return the form that ``request`` posted; ``None`` for one with a password, from another site, or too long to keep."""
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != urlsplit(request.host_url).netloc:
            return None
        fields, files = _parted(request.POST.items())
        kept = cls(request.path_qs, tuple(fields), tuple(files))
        secret = any(name in _PASSWORDS or "password" in name for name, _ in kept.fields)
        return None if secret or len(quote_plus(kept.text)) > LONGEST else kept

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
            if value and name not in _OWN and not name.startswith("_")
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
