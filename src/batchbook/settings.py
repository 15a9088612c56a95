"""Settings of the INI file, each declared once, with its default and meaning, by the module that reads it.

A module that reads settings declares them as :class:`Setting` objects and lists them in a constant ``SETTINGS``;
:func:`all_settings` collects those lists, so that the documentation can be tested for completeness.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.exceptions import ConfigurationError

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True)
class Setting:
    """A setting: its ``name`` and ``default`` as written in an INI file, and its ``meaning`` for the documentation.

    An empty ``default`` means that the setting has no value unless the file gives one.
    """

    name: str
    default: str
    meaning: str

    def text(self, settings: Mapping[str, Any]) -> str:
        """Return the value without surrounding spaces, or the default if the file has none."""
        return str(settings.get(self.name, self.default)).strip()

    def whole(self, settings: Mapping[str, Any], minimum: int = 1) -> int:
        """Return the value as a whole number; raise ``ConfigurationError`` if it is none, or is below ``minimum``."""
        text = self.text(settings)
        if not (text.isascii() and text.isdigit() and int(text) >= minimum):
            raise ConfigurationError(
                f"The setting {self.name} must be a whole number from {minimum}, not {text!r}."
            )
        return int(text)

    def number(self, settings: Mapping[str, Any], minimum: float = 0) -> float:
        """Return the value as a number; raise ``ConfigurationError`` if it is none, or is below ``minimum``."""
        text = self.text(settings)
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or float(text) < minimum:
            raise ConfigurationError(
                f"The setting {self.name} must be a number from {minimum}, not {text!r}."
            )
        return float(text)

    def flag(self, settings: Mapping[str, Any]) -> bool:
        """Return the value as a truth value; raise ``ConfigurationError`` if it is none."""
        text = self.text(settings).lower()
        if text not in _TRUE | _FALSE:
            raise ConfigurationError(f"The setting {self.name} must be true or false, not {text!r}.")
        return text in _TRUE


DEVELOPMENT = Setting(
    "batchbook.development",
    "false",
    "True on a developer's machine only: the secret may be missing, demo logins are served, and static files are not kept by the browser.",
)

SETTINGS = (DEVELOPMENT,)


def all_settings(package: str = "batchbook") -> tuple[Setting, ...]:
    """Return every setting that a module of ``package`` lists in ``SETTINGS``, sorted by name.

    All modules of the package are imported, so this is for documentation and tests, not for start-up.
    """
    root = importlib.import_module(package)
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(root.__path__, f"{package}.")
    ]
    found = {setting for module in (root, *modules) for setting in getattr(module, "SETTINGS", ())}
    return tuple(sorted(found, key=lambda setting: setting.name))
