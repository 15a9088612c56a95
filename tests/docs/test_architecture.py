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
from batchbook.types import SHIPPED

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


# --- The framework knows no type -------------------------------------------------------------------------------------

TYPES = SOURCE / "types"


def names_of_types() -> tuple[set[str], set[str]]:
    """Return the keys of the shipped types, and the names of their classes."""
    keys, classes = set(), set()
    for package in SHIPPED:
        for file in (TYPES / package).rglob("*.py"):
            tree = ast.parse(file.read_text())
            found = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
            classes |= {name for name in found if not name.startswith("_")}
            for node in found.values():
                keys |= {key for key in assigned(node, "__tablename__") if assigned(node, "__title__")}
    return keys, classes


def assigned(node: ast.ClassDef, name: str) -> list[str]:
    """Return the text that a class assigns to ``name``, if it does."""
    return [
        str(ast.literal_eval(one.value))
        for one in node.body
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name
    ]


def types_named(source: str, keys: set[str], classes: set[str]) -> list[str]:
    """Return the types that code names: by a class, by a module, or by a text that is a key or ends in one."""
    found = []
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) if name in classes:
                found.append(name)
            case ast.ImportFrom(module=str(module)) if module.startswith("batchbook.types."):
                found.append(module)
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                found += [key for key in keys if key in re.split(r"[:./]", text.replace("-", "_"))]
    return found


def test_the_framework_names_no_batch_type() -> None:
    """``batchbook.models`` lists the models of all types, for migrations; nothing else outside ``types`` knows one."""
    keys, classes = names_of_types()
    assert {"import", "price_change"} <= keys
    assert {"PriceChange", "ImportHandler", "ImportView"} <= classes
    shared = {node for node in own_classes() if node in classes}
    found = {
        str(file.relative_to(SOURCE)): named
        for file in sorted(SOURCE.rglob("*.py"))
        if not file.is_relative_to(TYPES) and file != SOURCE / "models.py"
        if (named := types_named(file.read_text(), keys, classes - shared))
    }
    assert found == {}


def own_classes() -> Iterator[str]:
    """Yield the names of the classes outside of ``types``, which a type may have as well."""
    for file in SOURCE.rglob("*.py"):
        if not file.is_relative_to(TYPES):
            yield from (
                node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ClassDef)
            )


@pytest.mark.parametrize("line", [
    "from batchbook.types.labels.models import Label", "if batch.type == 'labels': ...", "x = Labels", "models.Labels",
    "may('batch:labels:execute')", "url('batches.labels.view')",
])  # fmt: skip
def test_code_that_names_a_type_is_found(line: str) -> None:
    assert types_named(line, {"labels"}, {"Labels"})


def test_words_about_types_are_none() -> None:
    assert not types_named('"""Such as labels."""\nx = "label or labelling"\n', {"labels"}, {"Labels"})


def test_templates_of_the_framework_name_no_batch_type() -> None:
    keys, _ = names_of_types()
    words = re.compile(rf"[\"':./-](?:{'|'.join(key.replace('_', '[-_]') for key in keys)})[\"':./]")
    folder = ROOT / "templates"
    found = [
        file.name
        for file in folder.rglob("*.jinja2")
        if not file.is_relative_to(folder / "types") and words.search(file.read_text())
    ]
    assert found == []
