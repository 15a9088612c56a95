"""Packages that import a name's module when the name is first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PACKAGE = '''"""Bread and rolls."""
from typing import TYPE_CHECKING

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from pathlib import Path  # For an annotation, so without an alias.

    from bakery.bread import rye as rye
    from bakery.rolls import pretzel as salty
else:
    __getattr__ = lazy_exports(__name__)
'''


@pytest.fixture
def bakery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package with two lazy exports, not imported before."""
    folder = tmp_path / "bakery"
    folder.mkdir()
    (folder / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    (folder / "bread.py").write_text("rye = object()\n", encoding="utf-8")
    (folder / "rolls.py").write_text("pretzel = object()\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("bakery")
    for name in [name for name in sys.modules if name.partition(".")[0] == "bakery"]:
        del sys.modules[name]


def test_a_module_is_imported_when_its_name_is_used(bakery: ModuleType) -> None:
    assert "bakery.bread" not in sys.modules
    rye = bakery.rye
    assert rye is sys.modules["bakery.bread"].rye
    assert "bakery.rolls" not in sys.modules
    assert bakery.salty is sys.modules["bakery.rolls"].pretzel


def test_a_name_is_looked_up_once(bakery: ModuleType) -> None:
    first = bakery.rye
    sys.modules["bakery.bread"].rye = object()  # type: ignore[attr-defined]
    assert bakery.rye is first


def test_only_aliases_are_exported(bakery: ModuleType) -> None:
    assert bakery.__all__ == ["rye", "salty"]
    for name in ("Path", "pretzel"):
        with pytest.raises(AttributeError, match=f"module 'bakery' has no attribute '{name}'"):
            getattr(bakery, name)


def test_a_star_import_gets_every_name(bakery: ModuleType) -> None:
    namespace: dict[str, object] = {}
    exec("from bakery import *", namespace)
    assert namespace["rye"] is bakery.rye
    assert namespace["salty"] is bakery.salty
