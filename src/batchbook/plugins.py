"""Plug-ins: installed packages that add batch types, views or import targets to the application."""

from __future__ import annotations

from typing import Any

from batchbook.settings import Setting

INCLUDE = Setting(
    "batchbook.include",
    "",
    "Packages to include when the application starts, such as acme; separate several by spaces.",
)

SETTINGS = (INCLUDE,)


def includeme(config: Any) -> None:
    """Include the packages of the setting in its order."""
    for name in INCLUDE.text(config.registry.settings).split():
        config.include(name)
