"""Packages from elsewhere that join the application: batch types, views, import targets."""

from __future__ import annotations

from typing import Any

from batchbook.settings import Setting

INCLUDE = Setting(
    "batchbook.include",
    "",
    "Packages to include when the application starts, such as acme; more than one are separated by spaces.",
)

SETTINGS = (INCLUDE,)


def includeme(config: Any) -> None:
    """Include the packages that the setting lists, in its order."""
    for name in INCLUDE.text(config.registry.settings).split():
        config.include(name)
