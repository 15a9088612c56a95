"""The table of figures in ``docs/architecture.md`` is what ``docs/structure.py`` counts, and the counting is right."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("structure", ROOT / "docs" / "structure.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["structure"] = module  # Its dataclasses look themselves up.
    spec.loader.exec_module(module)
    return module


structure: Any = _script()


@pytest.fixture(scope="module")
def source() -> Any:
    return structure.Source()


def test_the_table_is_up_to_date(source: Any) -> None:
    found = structure.section(structure.DOCUMENT.read_text(), "structure")
    assert found == structure.table(source), "Run make structure."


def test_figures_are_within_their_bounds(source: Any) -> None:
    assert [figure.heading for figure in structure.FIGURES if not figure.holds(source)] == []


# --- What is counted, on a small source -----------------------------------------------------------------------------

SMALL = {
    "src/batchbook/__init__.py": '"""A small package."""\n',
    "src/batchbook/a/__init__.py": '"""What an a is."""\n\ndef includeme(config): ...\n',
    "src/batchbook/a/one.py": """from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchbook.a.two import B

def _single(): ...

def _twice(): ...

def use():
    _single()
    _twice()
    _twice()
""",
    "src/batchbook/a/two.py": """def late():
    from . import one
    return one
""",
    "src/batchbook/b/one.py": "import batchbook.a.two\n",
    "tests/a/test_two.py": "",
}


@pytest.fixture
def small(tmp_path: Path) -> Any:
    for name, text in SMALL.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return structure.Source(tmp_path)


def test_imports_for_type_checkers_and_in_functions_make_a_circle(small: Any) -> None:
    assert small.circles == [["batchbook.a.one", "batchbook.a.two"]]


def test_a_private_function_with_one_use_is_found(small: Any) -> None:
    assert [function.name for _, function in small.used_once] == ["_single"]


def test_names_that_files_share_and_docstrings_that_begin_with_a_question_word_are_found(small: Any) -> None:
    assert small.repeated_names == {"one": ["batchbook.a.one", "batchbook.b.one"]}
    assert small.question_docstrings == ["batchbook.a"]


def test_a_test_counts_where_it_is_looked_for(small: Any) -> None:
    """A package that has nothing but its ``includeme`` needs none."""
    assert small.unmirrored == ["batchbook.a.one", "batchbook.b.one"]
    assert small.mirrored == 33.3


def test_methods_inherited_from_own_classes_count_and_those_from_libraries_do_not() -> None:
    class Base(dict[str, str]):
        def first(self) -> None: ...

        @property
        def second(self) -> None: ...

    class Derived(Base):
        def __len__(self) -> int:
            return 0

        def first(self) -> None: ...

        def third(self) -> None: ...

    for cls in (Base, Derived):
        cls.__module__ = "batchbook.small"
    assert structure.methods(Derived) == ["first", "second", "third"]
