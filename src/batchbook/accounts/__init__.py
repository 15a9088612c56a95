"""Users and roles: master views like any other, with rules that keep an administrator in the house."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the pages. Needs ``batchbook.web`` and ``batchbook.master``."""
    config.include("batchbook.accounts.routes")
