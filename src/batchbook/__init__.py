"""Batchbook: stage bulk changes of data as batches, review them, and execute them exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def main(_global_config: Mapping[str, str] | None = None, **settings: Any) -> Any:
    """Return the WSGI application. The settings are those of the INI file's ``[app:main]``."""
    # Imported when a server starts: whatever is imported of Batchbook imports this module first.
    from batchbook.application import configure

    return configure(settings).make_wsgi_app()
