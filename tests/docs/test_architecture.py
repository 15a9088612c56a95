"""What the architecture says of the house is so: who knows whom, what is there, what errors mean."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Engine
from webtest import TestApp

from batchbook import errors
from batchbook.application import configure
from batchbook.services import services_of

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "batchbook"
TEXT = (ROOT / "docs" / "architecture.md").read_text()


def order() -> list[list[str]]:
    """Return the rooms as the document lists them, line by line."""
    (block,) = re.findall(r"```order\n(.*?)```", TEXT, re.DOTALL)
    return [line.split() for line in block.splitlines()]


RANK = {room: rank for rank, line in enumerate(order()) for room in line}


def room_of(module: str) -> str:
    """Return the room in which a module of Batchbook lies; the package itself is the room ``batchbook``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in RANK else "batchbook"


def imports(source: str) -> Iterator[str]:
    """Yield what ``source`` imports from Batchbook, also in functions and for type checkers."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] == "batchbook")


def intrusions(module: str, source: str) -> list[str]:
    """Return the imports in ``source`` that the order forbids to ``module``."""
    here = room_of(module)
    return [
        f"{module} imports {name}"
        for name in imports(source)
        if room_of(name) != here and RANK[room_of(name)] >= RANK[here]
    ]


def modules() -> Iterator[tuple[str, Path]]:
    for file in sorted(SOURCE.rglob("*.py")):
        parts = ("batchbook", *file.relative_to(SOURCE).with_suffix("").parts)
        yield ".".join(parts).removesuffix(".__init__"), file


def test_nobody_imports_from_a_room_behind() -> None:
    found = [line for module, file in modules() for line in intrusions(module, file.read_text())]
    assert found == []


@pytest.mark.parametrize(("module", "line"), [
    ("batchbook.grid.query", "from batchbook.web import flash"),
    ("batchbook.db", "import batchbook.grid"),
    ("batchbook.batches.engine.engine", "from batchbook.application import configure"),
    ("batchbook.batches.engine.engine", "from batchbook.types.price_change.models import PriceChange"),
])  # fmt: skip
def test_an_import_from_a_room_behind_is_found(module: str, line: str) -> None:
    assert len(intrusions(module, line)) == 1


@pytest.mark.parametrize("source", [
    "if TYPE_CHECKING:\n    import batchbook.grid\n",
    "def late():\n    from batchbook.grid import query\n",
])  # fmt: skip
def test_imports_for_type_checkers_and_in_functions_count(source: str) -> None:
    assert len(intrusions("batchbook.db", source)) == 1


def test_every_room_is_described_and_has_its_place() -> None:
    files = {path.stem if path.is_file() else path.name for path in SOURCE.iterdir()}
    rooms = {name for name in files if not name.startswith("__") and name not in ("static", "py")} - {
        "py.typed"
    }
    assert {*RANK} - {"batchbook"} == rooms
    assert set(re.findall(r"^\| `(\w+)` \| [a-z`]", TEXT, re.MULTILINE)) >= {*RANK}


def test_handlers_and_what_is_below_the_web_know_no_http() -> None:
    http = re.compile(r"^\s*(?:from|import) (?:pyramid\.(?!exceptions)|webob|waitress)", re.MULTILINE)
    names = (
        "db",
        "grid",
        "tables",
        "forms",
        "batches/handler.py",
        "batches/editing",
        "batches/engine",
        "batches/freeze",
        "batches/intake",
        "batches/rows",
        "batches/worksheets",
    )
    places = [SOURCE / name for name in names]
    assert [str(place) for place in places if not place.exists()] == []
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*.py"))]
    assert len(files) > len(names)
    assert [str(file) for file in files if http.search(file.read_text())] == []


def raising(error: type[errors.BatchbookError]) -> Any:
    def view(_request: Any) -> None:
        raise error("It was not done.")

    return view


@pytest.mark.parametrize("backend", ["sqlite"])
def test_errors_mean_what_the_table_says(settings: dict[str, str]) -> None:
    said = dict(re.findall(r"^\| `(\w+)` \| .* \| (\d{3}) \|$", TEXT, re.MULTILINE))
    kinds = {
        kind.__name__: kind
        for kind in errors.BatchbookError.__subclasses__()
        if kind.__module__ == errors.__name__
    }
    assert set(said) == set(kinds)
    config = configure(settings)
    for name, kind in kinds.items():
        config.add_route(name, f"/raise/{name}")
        config.add_view(raising(kind), route_name=name, permission=NO_PERMISSION_REQUIRED)
    client = TestApp(config.make_wsgi_app())
    found = {name: str(client.get(f"/raise/{name}", expect_errors=True).status_int) for name in kinds}
    services_of(config.registry).get(Engine).dispose()
    assert found == said
