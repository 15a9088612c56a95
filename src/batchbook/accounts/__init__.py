"""Users and roles: their pages, and the rules that keep at least one administrator."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the pages. Needs ``batchbook.web`` and ``batchbook.master``."""
    config.include("batchbook.accounts.routes")
