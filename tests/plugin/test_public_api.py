"""Batch types, shipped or not, use the public API of Batchbook and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Where authors of batch types may import from, as docs/architecture.md says.
PUBLIC = {
    "batchbook.batches", "batchbook.catalog.models", "batchbook.db", "batchbook.declarations", "batchbook.errors", "batchbook.forms",
    "batchbook.grid", "batchbook.lazy_exports", "batchbook.master", "batchbook.purchasing.models", "batchbook.services", "batchbook.settings",
    "batchbook.words",
}  # fmt: skip
PLUGINS = ROOT / "tests" / "plugin"
PACKAGES = {
    "batchbook.types": ROOT / "src" / "batchbook" / "types",
    **{name: PLUGINS / name / "src" / name for name in ("batchbook_stockcount", "batchbook_reorderpoints")},
}
FILES = [(package, file) for package, place in PACKAGES.items() for file in sorted(place.rglob("*.py"))]


def imported(source: str) -> Iterator[tuple[str, str]]:
    """Yield module and name of all imports of Batchbook in ``source``; whole modules have no name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "Relative imports hide where a name comes from."
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def not_public(source: str, own: str) -> list[str]:
    """Return the imports in ``source`` that neither are public nor come from the package ``own``."""
    return [
        f"{module}.{name}"
        for module, name in imported(source)
        if module.partition(".")[0] == "batchbook"
        and not f"{module}.".startswith(f"{own}.")
        and module not in PUBLIC
        and f"{module}.{name}" not in PUBLIC
    ]


@pytest.mark.parametrize(("package", "file"), FILES, ids=lambda value: getattr(value, "name", value))
def test_types_import_only_the_public_api(package: str, file: Path) -> None:
    assert not_public(file.read_text(), package) == []


@pytest.mark.parametrize("line", [
    "from batchbook.batches.engine import Engine", "import batchbook.web", "from batchbook import web",
    "from batchbook.batches.pages import base",
])  # fmt: skip
def test_anything_else_is_found(line: str) -> None:
    assert len(not_public(line, "acme")) == 1


def test_what_is_public_says_so() -> None:
    for name in PUBLIC - {"batchbook.catalog.models", "batchbook.purchasing.models"}:
        module = __import__(name, fromlist=["__all__"])
        missing = [one for one in getattr(module, "__all__", ()) if not hasattr(module, one)]
        assert missing == []
        assert hasattr(module, "__all__") or name in (
            "batchbook.declarations",
            "batchbook.errors",
            "batchbook.lazy_exports",
            "batchbook.services",
            "batchbook.settings",
            "batchbook.words",
        )
