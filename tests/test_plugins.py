from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from pyramid.config import Configurator


@pytest.fixture
def included(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the plug-ins ``acme`` and ``bakery`` in the order in which they were included."""
    names: list[str] = []
    for name in ("acme", "bakery"):
        module: Any = ModuleType(name)
        module.includeme = lambda config: names.append(config.package.__name__)
        monkeypatch.setitem(sys.modules, name, module)
    return names


@pytest.mark.parametrize(
    ("text", "names"),
    [(None, []), ("", []), ("acme", ["acme"]), (" bakery\n  acme ", ["bakery", "acme"])],
)
def test_the_packages_of_the_setting_are_included_in_its_order(
    included: list[str], text: str | None, names: list[str]
) -> None:
    config: Any = Configurator(settings={} if text is None else {"batchbook.include": text})
    config.include("batchbook.plugins")
    assert included == names


def test_a_package_that_is_not_installed_stops_the_start(included: list[str]) -> None:
    config: Any = Configurator(settings={"batchbook.include": "acme nowhere_at_all"})
    with pytest.raises(ModuleNotFoundError, match="nowhere_at_all"):
        config.include("batchbook.plugins")
