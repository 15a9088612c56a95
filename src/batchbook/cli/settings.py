"""Reading the settings file. What is wrong with it is said without its values, which may be secrets."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from plaster.exceptions import PlasterError
from pyramid.exceptions import ConfigurationError
from pyramid.paster import get_appsettings

from batchbook.migrate import MIGRATIONS
from batchbook.plugins import INCLUDE

#: What configparser says about a line after naming it, where that quotes no value.
_DOUBLED = re.compile(r"\]: (.* already exists)$")


def read_settings(ini: str) -> dict[str, Any]:
    """Return the settings of the application that the file called ``ini`` describes.

    Raises ``ConfigurationError`` if there are none or if they name packages that are not installed.
    """
    try:
        settings = dict(get_appsettings(ini))
    except (configparser.Error, PlasterError, LookupError, ImportError, OSError, ValueError) as error:
        raise ConfigurationError(f"{ini} {_what_is_wrong(error)}.") from error
    _demand_installed(settings)
    return settings


def _what_is_wrong(error: Exception) -> str:
    match error:
        case configparser.InterpolationError():
            return f"has a “%” in {error.option} that is not doubled, so it does not stand for itself"
        case configparser.Error():
            return f"cannot be read at line {_line(error)}{_doubled(error)}"
        case UnicodeDecodeError():
            return "is not text in UTF-8"
        case PlasterError():
            return "must have a name that ends in .ini and holds no “#”"
        case OSError():
            return f"needs {error.filename}: {error.strerror}"
    if "No section" in str(error):
        return "has no section [app:main]"
    return "does not name the application: write “use = egg:batchbook” in its section [app:main]"


def _line(error: configparser.Error) -> int:
    lines = [number for number, _text in getattr(error, "errors", ())]
    return int(lines[0] if lines else getattr(error, "lineno", 1))


def _doubled(error: configparser.Error) -> str:
    found = _DOUBLED.search(str(error))
    return f": {found[1]}" if found else ""


def _demand_installed(settings: Mapping[str, Any]) -> None:
    for setting in (INCLUDE, MIGRATIONS):
        for name in setting.text(settings).split():
            if find_spec(re.split("[.:]", name)[0] or name) is None:
                raise ConfigurationError(f"{setting.name} names {name}, which is not installed here.")
