"""Routes of static files: their address changes with their content, so that browsers may keep them for a year."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from batchbook.services import services_of
from batchbook.web.settings import WebSettings

_ONE_YEAR = 365 * 24 * 3600


def includeme(config: Any) -> None:
    """Serve ``batchbook:static`` under ``/static/<version>/``.

    The version stands in the path and not behind a question mark: a module's relative imports then carry it too. In
    development it stays the same, and nothing is kept by the browser.
    """
    development = services_of(config.registry).get(WebSettings).development
    version = "development" if development else content_version(files("batchbook") / "static")
    config.add_static_view(
        f"static/{version}", "batchbook:static", cache_max_age=None if development else _ONE_YEAR
    )


def content_version(folder: Traversable) -> str:
    """Return 12 hex digits that change when a file below ``folder`` changes."""
    digest = hashlib.sha256()
    for name, file in sorted(_walk(folder, "")):
        content = file.read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _walk(entry, f"{path}/")
        elif not entry.name.startswith((".", "__")):
            found.append((path, entry))
    return found
