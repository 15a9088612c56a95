"""Measure the source and write the table of figures into ``docs/architecture.md``: ``make structure``.

``FIGURES`` lists what is measured: the heading of each figure, its value before the source was laid out anew, and the
bound within which a test keeps it. ``--list`` prints the places behind the figures: circles, names that several files
have, modules without a test, docstrings to reword.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "batchbook"
DOCUMENT = ROOT / "docs" / "architecture.md"
QUESTION_WORDS = ("what", "how", "where", "who", "which", "whether")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A module of the source: its dotted name, its file, and its syntax tree."""

    name: str
    file: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text)

    @property
    def is_package(self) -> bool:
        """Whether the file is an ``__init__``."""
        return self.file.name == "__init__.py"

    @property
    def lines(self) -> int:
        """The number of lines, empty ones and comments included."""
        return len(self.text.splitlines())

    @cached_property
    def functions(self) -> list[Function]:
        """Functions and methods, nested ones included."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


def read_modules(root: Path = ROOT, package: str = PACKAGE) -> dict[str, Module]:
    """Return the modules of ``package`` below ``root / "src"`` by their dotted names."""
    source = root / "src"
    found = {}
    for file in sorted((source / package).rglob("*.py")):
        name = ".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        found[name] = Module(name, file, file.read_text())
    return found


# --- Circles ---------------------------------------------------------------------------------------------------------


def imports_of(module: Module, known: Iterable[str]) -> set[str]:
    """Return the names of the ``known`` modules that ``module`` imports, wherever in its text the import stands.

    Imports inside functions and those for type checkers count. ``from a import b`` is an import of ``a.b`` where that is
    a module, and of ``a`` otherwise.
    """
    known = set(known)
    here = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
    found = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in known else base for name in names}
    return (found & known) - {module.name}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the sets of nodes of ``graph`` that reach each other (strongly connected components), largest first."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            place = stack.index(node)
            if len(stack) - place > 1:
                found.append(sorted(stack[place:]))
            del stack[place:]

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 10_000))
    for node in sorted(graph):
        if node not in order:
            visit(node)
    sys.setrecursionlimit(limit)
    return sorted(found, key=len, reverse=True)


def import_circles(modules: dict[str, Module]) -> list[list[str]]:
    """Return the circles of modules that import each other, whatever kind of import, largest first."""
    return circles({name: imports_of(module, modules) for name, module in modules.items()})


# --- Functions -------------------------------------------------------------------------------------------------------


def length(function: Function) -> int:
    """Return the number of lines of ``function``, from ``def`` to its end, decorators not counted."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def used_once(modules: dict[str, Module]) -> list[tuple[str, Function]]:
    """Return the private functions and methods that exactly one place in the source uses, with their module's name."""
    uses: Counter[str] = Counter()
    here: dict[str, Counter[str]] = {}
    for name, module in modules.items():
        here[name] = Counter()
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name):
                here[name][node.id] += 1
            elif isinstance(node, ast.Attribute):
                here[name][node.attr] += 1
            elif isinstance(node, ast.ImportFrom):
                uses.update(alias.name for alias in node.names)
    return [
        (name, function)
        for name, module in modules.items()
        for function in module.functions
        if function.name.startswith("_") and not function.name.endswith("__")
        if here[name][function.name] + uses[function.name] == 1
    ]


# --- Classes ---------------------------------------------------------------------------------------------------------


def methods(cls: type) -> list[str]:
    """Return the names of the methods and properties of ``cls``, those inherited from classes of Batchbook included.

    Names with two underscores on both sides don't count.
    """
    kinds = (staticmethod, classmethod, property, cached_property)
    return sorted({
        name
        for base in cls.__mro__
        if base.__module__.partition(".")[0] == PACKAGE
        for name, value in vars(base).items()
        if (inspect.isfunction(value) or isinstance(value, kinds)) and not name.endswith("__")
    })  # fmt: skip


def public_classes(modules: Iterable[str]) -> dict[str, type]:
    """Return the classes of Batchbook whose names begin with no underscore, by ``module.Class``."""
    found = {}
    for name in modules:
        for value in vars(importlib.import_module(name)).values():
            if inspect.isclass(value) and value.__module__ == name and not value.__name__.startswith("_"):
                found[f"{name}.{value.__name__}"] = value
    return found


# --- Tests -----------------------------------------------------------------------------------------------------------


def unmirrored(modules: dict[str, Module], root: Path = ROOT) -> list[str]:
    """Return the modules that have no test where it is looked for: ``a/b.py`` in ``tests/a/test_b.py``.

    A package's ``__init__`` is tested in ``tests/a/test_init.py``, ``tests/a/test_a.py`` or ``tests/test_a.py``, if it has
    functions besides its ``includeme``, which every test that starts the application tests.
    """
    return [name for name, module in mirrorable(modules).items() if not _has_test(module, root)]


def mirrorable(modules: dict[str, Module]) -> dict[str, Module]:
    """Return the modules that ought to have a test of their own: all but packages that only gather others."""
    return {
        name: module
        for name, module in modules.items()
        if not module.is_package or any(function.name != "includeme" for function in module.functions)
    }


def _has_test(module: Module, root: Path) -> bool:
    folder = root / "tests" / module.file.parent.relative_to(root / "src" / PACKAGE)
    if module.is_package:
        name = module.name.rpartition(".")[2]
        places = [folder / "test_init.py", folder / f"test_{name}.py", folder.parent / f"test_{name}.py"]
    else:
        places = [folder / f"test_{module.file.stem.strip('_')}.py"]
    return any(place.exists() for place in places)


# --- Figures ---------------------------------------------------------------------------------------------------------


class Source:
    """The source as it is now, and what is counted in it."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.modules = read_modules(root)

    @cached_property
    def lines(self) -> list[int]:
        """The number of lines of each module, sorted."""
        return sorted(module.lines for module in self.modules.values())

    @cached_property
    def lengths(self) -> list[int]:
        """The number of lines of each function, sorted."""
        return sorted(length(function) for module in self.modules.values() for function in module.functions)

    @cached_property
    def used_once(self) -> list[tuple[str, Function]]:
        """Private functions with a single use."""
        return used_once(self.modules)

    @cached_property
    def repeated_names(self) -> dict[str, list[str]]:
        """Base names that several files have, ``__init__`` excepted, with their modules."""
        found = defaultdict(list)
        for name, module in self.modules.items():
            if not module.is_package:
                found[module.file.stem].append(name)
        return {name: places for name, places in found.items() if len(places) > 1}

    @cached_property
    def circles(self) -> list[list[str]]:
        """Modules that import each other."""
        return import_circles(self.modules)

    @cached_property
    def methods(self) -> dict[str, int]:
        """The number of methods of each public class by ``module.Class``, inherited ones included, most first."""
        found = {name: len(methods(cls)) for name, cls in public_classes(self.modules).items()}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def methods_of(self, name: str) -> int:
        """Return the number of methods of the class ``name``, wherever it is."""
        (number,) = (number for cls, number in self.methods.items() if cls.endswith(f".{name}"))
        return number

    @cached_property
    def question_docstrings(self) -> list[str]:
        """Modules whose docstring begins with What, How, Where, Who, Which or Whether."""
        return [
            name
            for name, module in self.modules.items()
            if re.split(r"\W", ast.get_docstring(module.tree) or "", maxsplit=1)[0].lower() in QUESTION_WORDS
        ]

    @cached_property
    def unmirrored(self) -> list[str]:
        """Modules without a test where it is looked for."""
        return unmirrored(self.modules, self.root)

    @property
    def mirrored(self) -> float:
        """The share of modules that have a test where it is looked for, in percent, rounded down to a tenth."""
        total = len(mirrorable(self.modules))
        return (total - len(self.unmirrored)) * 1000 // total / 10


@dataclass(frozen=True)
class Figure:
    """A figure of the table: its heading, its value before, the measuring, and the bounds (``None``: none)."""

    heading: str
    before: str
    measure: Callable[[Source], float | str]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def bound(self) -> str:
        """The bound as the table shows it."""
        if self.at_most is not None:
            return f"≤ {self.at_most:,}" if self.at_most else "0"
        return "" if self.at_least is None else f"≥ {self.at_least:,}"

    def holds(self, source: Source) -> bool:
        """Tell whether the figure is within its bound."""
        value = self.measure(source)
        if self.at_most is None and self.at_least is None:
            return True
        if isinstance(value, str):
            raise TypeError(f"{self.heading}: a figure with a bound must be a number.")
        return (self.at_most is None or value <= self.at_most) and (
            self.at_least is None or value >= self.at_least
        )


def walk_files(name: str) -> int:
    """Return the number of files in the walk ``name`` of the document; ``docs/walks.py`` writes them there."""
    return section(DOCUMENT.read_text(), f"walk: {name}").count("\n1. ") + 1


def walk_counts(pattern: str) -> str:
    """Return a number of each walk's last line in the document: the one before or after the words of ``pattern``."""
    text = DOCUMENT.read_text()
    numbers = (
        re.findall(pattern, section(text, f"walk: {name}"))[0] for name in ("edit", "execute", "upload")
    )
    return " / ".join(numbers)


def spread(values: list[int]) -> str:
    """Return median, 90th percentile and maximum of sorted ``values``."""
    return f"{values[len(values) // 2]} / {values[len(values) * 9 // 10]} / {values[-1]}"


FIGURES = (
    Figure("Modules", "428", lambda source: len(source.modules)),
    Figure("Lines", "41,763", lambda source: sum(source.lines)),
    Figure(
        "Lines of a module on average",
        "98",
        lambda source: sum(source.lines) // len(source.modules),
        at_least=140,
    ),
    Figure(
        "Lines of a module: median / p90 / largest", "93 / 172 / 278", lambda source: spread(source.lines)
    ),
    Figure("Lines of the largest module", "278", lambda source: source.lines[-1], at_most=350),
    Figure(
        "Modules below 50 lines", "94", lambda source: sum(lines < 50 for lines in source.lines), at_most=45
    ),
    Figure("Functions", "3,099", lambda source: len(source.lengths)),
    Figure(
        "Lines of a function: median / p90 / longest", "6 / 14 / 72", lambda source: spread(source.lengths)
    ),
    Figure("Private functions used once", "778", lambda source: len(source.used_once)),
    Figure(
        "… of at most four lines",
        "213",
        lambda source: sum(length(function) <= 4 for _, function in source.used_once),
    ),
    Figure("File names used more than once", "64", lambda source: len(source.repeated_names)),
    Figure("Circles of imports", "4", lambda source: len(source.circles), at_most=0),
    Figure("… files in them", "63", lambda source: sum(map(len, source.circles)), at_most=0),
    Figure("Methods of `BatchHandler`", "31", lambda source: source.methods_of("BatchHandler"), at_most=12),
    Figure("Methods of `MasterView`", "16", lambda source: source.methods_of("MasterView"), at_most=15),
    Figure(
        "Methods of `BatchMasterView`", "28", lambda source: source.methods_of("BatchMasterView"), at_most=15
    ),
    Figure("Methods of the largest public class", "35", lambda source: max(source.methods.values())),
    Figure(
        "Module docstrings that begin with a question word",
        "111",
        lambda source: len(source.question_docstrings),
        at_most=0,
    ),
    Figure("Modules with a mirrored test, %", "23.2", lambda source: source.mirrored, at_least=95),
    Figure("Files from route to change: edit a cell", "11", lambda _: walk_files("edit"), at_most=8),
    Figure("… execute a batch", "12", lambda _: walk_files("execute"), at_most=12),
    Figure("… upload a file", "27", lambda _: walk_files("upload"), at_most=20),
    Figure(
        "Files from route to any SQL: edit / execute / upload",
        "20 / 17 / 33",
        lambda _: walk_counts(r"(\d+) if all queries"),
    ),
    Figure(
        "Files of which code runs: edit / execute / upload",
        "71 / 71 / 117",
        lambda _: walk_counts(r"code of (\d+) files"),
    ),
)


# --- The document ----------------------------------------------------------------------------------------------------


def table(source: Source) -> str:
    """Return the table of all figures as Markdown."""
    lines = ["| | before | now | bound |", "|---|--:|--:|--:|"]
    for figure in FIGURES:
        value = figure.measure(source)
        shown = f"{value:,}" if isinstance(value, int | float) else str(value)
        lines.append(f"| {figure.heading} | {figure.before} | {shown} | {figure.bound} |")
    return "\n".join(lines)


def section(text: str, name: str) -> str:
    """Return what stands in ``text`` between the markers of ``name``."""
    return _split(text, name)[1].strip()


def replace_section(text: str, name: str, content: str) -> str:
    """Return ``text`` with ``content`` between the markers of ``name``."""
    before, _, after = _split(text, name)
    return f"{before}\n{content}\n{after}"


def _split(text: str, name: str) -> tuple[str, str, str]:
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    head, _, rest = text.partition(start)
    content, found, tail = rest.partition(end)
    if not found:
        raise ValueError(f"There are no markers {start} and {end}.")
    return head + start, content, end + tail


def print_places(source: Source) -> None:
    """Print the places behind the figures, for those who improve them."""
    for circle in source.circles:
        print("circle:", *circle)
    for name, modules in source.repeated_names.items():
        print(f"name {name}:", *modules)
    for name, number in list(source.methods.items())[:10]:
        print(f"class {name}: {number} methods")
    for name, function in source.used_once:
        if length(function) <= 4:
            print(f"used once: {name}.{function.name}")
    for name in source.question_docstrings:
        print("docstring:", name)
    for name in source.unmirrored:
        print("no test:", name)


def main(arguments: list[str]) -> None:
    """Write the table into the document, or print what is behind it."""
    source = Source()
    if "--list" in arguments:
        print_places(source)
        return
    written = table(source)
    DOCUMENT.write_text(replace_section(DOCUMENT.read_text(), "structure", written))
    print(written)


if __name__ == "__main__":
    main(sys.argv[1:])
